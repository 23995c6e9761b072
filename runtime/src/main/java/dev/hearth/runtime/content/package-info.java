/** Blobs by digest, verified while they are written. */
@NullMarked
package dev.hearth.runtime.content;

import org.jspecify.annotations.NullMarked;
