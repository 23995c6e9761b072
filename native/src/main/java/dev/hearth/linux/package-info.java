/** Linux system calls through JNA: thin, typed, without policy. */
@NullMarked
package dev.hearth.linux;

import org.jspecify.annotations.NullMarked;
