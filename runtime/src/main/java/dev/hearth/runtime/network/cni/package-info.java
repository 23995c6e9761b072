/**
 * Networks that plugins make, by the Container Network Interface specification, versions 0.3.0 to
 * 1.1.0 (containernetworking.dev). Numbers of sections in comments are those of 1.1.0.
 */
@NullMarked
package dev.hearth.runtime.network.cni;

import org.jspecify.annotations.NullMarked;
