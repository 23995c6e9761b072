/** The Java side of the shim: launch plans, the control protocol and its client. */
@NullMarked
package dev.hearth.shim;

import org.jspecify.annotations.NullMarked;
