/** Measurements of Hearth beside its peers, run by {@code ./dev bench}. */
@NullMarked
package dev.hearth.bench;

import org.jspecify.annotations.NullMarked;
