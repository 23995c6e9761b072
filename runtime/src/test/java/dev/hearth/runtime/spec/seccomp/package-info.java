@NullMarked
package dev.hearth.runtime.spec.seccomp;

import org.jspecify.annotations.NullMarked;
