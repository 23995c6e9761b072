@NullMarked
package dev.hearth.runtime.spec;

import org.jspecify.annotations.NullMarked;
