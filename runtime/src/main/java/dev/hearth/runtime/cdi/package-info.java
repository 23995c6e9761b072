/** Devices that files of the node describe, by the Container Device Interface. */
@NullMarked
package dev.hearth.runtime.cdi;

import org.jspecify.annotations.NullMarked;
