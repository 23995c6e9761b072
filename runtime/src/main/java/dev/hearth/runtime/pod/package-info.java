/** The verbs of pod sandboxes. */
@NullMarked
package dev.hearth.runtime.pod;

import org.jspecify.annotations.NullMarked;
