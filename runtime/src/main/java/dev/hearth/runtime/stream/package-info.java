/** Exec, attach and port-forward sessions. */
@NullMarked
package dev.hearth.runtime.stream;

import org.jspecify.annotations.NullMarked;
