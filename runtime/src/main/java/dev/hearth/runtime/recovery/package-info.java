/** What start-up finds and what it decides about it. */
@NullMarked
package dev.hearth.runtime.recovery;

import org.jspecify.annotations.NullMarked;
