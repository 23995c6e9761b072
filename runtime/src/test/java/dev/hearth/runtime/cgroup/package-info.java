@NullMarked
package dev.hearth.runtime.cgroup;

import org.jspecify.annotations.NullMarked;
