/** Network namespaces, addresses and links of pods. */
@NullMarked
package dev.hearth.runtime.network;

import org.jspecify.annotations.NullMarked;
