/** Ids, specifications, states and errors: values that every other package speaks in. */
@NullMarked
package dev.hearth.runtime.model;

import org.jspecify.annotations.NullMarked;
