/** Durable records: versioned, checksummed, replaced by rename. */
@NullMarked
package dev.hearth.runtime.store;

import org.jspecify.annotations.NullMarked;
