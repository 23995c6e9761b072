/** The daemon's entry point and its wiring. */
@NullMarked
package dev.hearth.daemon;

import org.jspecify.annotations.NullMarked;
