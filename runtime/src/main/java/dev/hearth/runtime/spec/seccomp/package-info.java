/** Compiles seccomp profiles to classic BPF. Pure: reads nothing but its own tables. */
@NullMarked
package dev.hearth.runtime.spec.seccomp;

import org.jspecify.annotations.NullMarked;
