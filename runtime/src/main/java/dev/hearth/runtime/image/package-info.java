/** Pulling, listing, removing images, and collecting what nothing uses. */
@NullMarked
package dev.hearth.runtime.image;

import org.jspecify.annotations.NullMarked;
