/** Checkpoints of containers: the archive they lie in, and criu(8), which saves and restores. */
@NullMarked
package dev.hearth.runtime.checkpoint;

import org.jspecify.annotations.NullMarked;
