/** ttrpc over a connection that carries several: frames, messages, calls. Knows nothing of NRI. */
@NullMarked
package dev.hearth.runtime.nri.ttrpc;

import org.jspecify.annotations.NullMarked;
