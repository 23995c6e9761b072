/** Bounded fan-out of container events. */
@NullMarked
package dev.hearth.runtime.event;

import org.jspecify.annotations.NullMarked;
