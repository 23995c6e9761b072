/** The distribution protocol and its authentication. Touches no disk. */
@NullMarked
package dev.hearth.runtime.registry;

import org.jspecify.annotations.NullMarked;
