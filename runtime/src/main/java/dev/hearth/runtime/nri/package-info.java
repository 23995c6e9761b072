/**
 * The Node Resource Interface: programs of the node's operator that are told of pods and containers
 * and change them. They connect to a socket of the daemon's and are called back over the same
 * connection.
 *
 * <p>One plugin is called for one thing at a time, and the plugins of a request one after the other
 * in the order of their indices. What one changed, the next one sees; what two want differently is
 * refused. A plugin that does not answer in time is dropped, and the request goes on without it.
 */
@NullMarked
package dev.hearth.runtime.nri;

import org.jspecify.annotations.NullMarked;
