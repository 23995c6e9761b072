/** Layers into root file systems. */
@NullMarked
package dev.hearth.runtime.snapshot;

import org.jspecify.annotations.NullMarked;
