/** CRI v1 on the wire: validates, translates, maps errors. Nothing else knows its messages. */
@NullMarked
package dev.hearth.runtime.cri;

import org.jspecify.annotations.NullMarked;
