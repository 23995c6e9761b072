/** The verbs of containers. */
@NullMarked
package dev.hearth.runtime.container;

import org.jspecify.annotations.NullMarked;
