/**
 * The wire format of netlink: rtnetlink for links, addresses and routes, nf_tables for packet
 * filters. Encoders and decoders are pure; {@link
 * dev.hearth.runtime.network.netlink.NetlinkConnection} speaks them over a socket. Nothing here
 * knows pods. Sources: netlink(7), rtnetlink(7), include/uapi/linux of the kernel.
 */
@NullMarked
package dev.hearth.runtime.network.netlink;

import org.jspecify.annotations.NullMarked;
