/** The tour that {@code ./dev run} gives. */
@NullMarked
package dev.hearth.tour;

import org.jspecify.annotations.NullMarked;
