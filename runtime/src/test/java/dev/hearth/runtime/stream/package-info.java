@NullMarked
package dev.hearth.runtime.stream;

import org.jspecify.annotations.NullMarked;
