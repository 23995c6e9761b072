/** Tests of the product from outside, as its users see it. */
@NullMarked
package dev.hearth.e2e;

import org.jspecify.annotations.NullMarked;
