/**
 * Linux system calls through JNA's direct mapping: thin, typed, without policy.
 *
 * <ul>
 *   <li>{@link dev.hearth.linux.Opens}, {@link dev.hearth.linux.Descriptors}, {@link
 *       dev.hearth.linux.Entries}, {@link dev.hearth.linux.Xattrs}, {@link
 *       dev.hearth.linux.SmallFiles}: files
 *   <li>{@link dev.hearth.linux.Mounts}, {@link dev.hearth.linux.FileSystemContext}, {@link
 *       dev.hearth.linux.DetachedMounts}: mounts, the old way and the new
 *   <li>{@link dev.hearth.linux.Child}, {@link dev.hearth.linux.Processes}, {@link
 *       dev.hearth.linux.ProcessIdentity}: processes
 *   <li>{@link dev.hearth.linux.UnixSockets}, {@link dev.hearth.linux.SocketMessages}, {@link
 *       dev.hearth.linux.Netlink}: sockets
 *   <li>{@link dev.hearth.linux.Namespaces}: threads in other namespaces
 *   <li>{@link dev.hearth.linux.Poller}, {@link dev.hearth.linux.PolledInput}, {@link
 *       dev.hearth.linux.PolledOutput}, {@link dev.hearth.linux.BlockingCalls}: waiting without
 *       holding a carrier
 * </ul>
 *
 * <p>Failures are {@link dev.hearth.linux.LinuxException}s. Descriptors are {@link
 * dev.hearth.linux.Fd}s, always closed on exec. Names are text that can carry any bytes: what is no
 * UTF-8 is held as lone surrogates. Static calls keep no state and may be made from any thread;
 * those that may block say so.
 */
@NullMarked
package dev.hearth.linux;

import org.jspecify.annotations.NullMarked;
