/**
 * What tests of the whole product, the tour and the benchmarks share: a registry with images, a
 * daemon of one's own, a CRI client, and the search for leftovers.
 */
@NullMarked
package dev.hearth.testing;

import org.jspecify.annotations.NullMarked;
