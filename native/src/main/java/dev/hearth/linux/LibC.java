package dev.hearth.linux;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The C library as it is loaded into this process, mapped directly. Paths and strings are bytes
 * ending in NUL; a null array is a NULL pointer; {@code long} stands for pointers, sizes and
 * offsets. Arrays are copied in and out of the call, so nothing here may keep their address.
 *
 * <p>Loading this class loads JNA, which starts a thread: see {@link NativeCalls}.
 */
final class LibC {
  static final int AT_FDCWD = -100;

  static {
    // No library is looked for by name; without this JNA would run ldconfig(8) to learn where.
    System.getProperties().putIfAbsent("jna.platform.library.path", "");
    Native.register(LibC.class, NativeLibrary.getProcess());
    // Whoever looks at the errno of a call must not wait for classes first: see Sys.
    Sys.failedWith(Errno.EPERM);
  }

  private LibC() {}

  // Descriptors.
  static native int openat(int dir, byte[] path, int flags, int mode);

  static native int close(int fd);

  static native int fcntl(int fd, int command, long argument);

  static native int ioctl(int fd, long request, byte[] argument);

  static native int pipe2(int[] fds, int flags);

  static native long read(int fd, ByteBuffer buffer, long size);

  static native long read(int fd, long buffer, long size);

  static native long write(int fd, ByteBuffer buffer, long size);

  static native long write(int fd, byte[] buffer, long size);

  static native long write(int fd, long buffer, long size);

  static native long pread(int fd, ByteBuffer buffer, long size, long offset);

  static native long pread(int fd, long buffer, long size, long offset);

  static native long pwrite(int fd, ByteBuffer buffer, long size, long offset);

  static native long pwrite(int fd, long buffer, long size, long offset);

  static native long lseek(int fd, long offset, int whence);

  static native int flock(int fd, int operation);

  static native int ftruncate(int fd, long size);

  static native int fallocate(int fd, int mode, long offset, long size);

  static native int fsync(int fd);

  static native int fdatasync(int fd);

  static native int syncfs(int fd);

  static native int memfd_create(byte[] name, int flags);

  static native int eventfd(int initial, int flags);

  // Directory entries.
  static native int mkdirat(int dir, byte[] path, int mode);

  static native int mknodat(int dir, byte[] path, int mode, long device);

  static native int symlinkat(byte[] target, int dir, byte[] path);

  static native int linkat(int fromDir, byte[] from, int toDir, byte[] to, int flags);

  static native int unlinkat(int dir, byte[] path, int flags);

  static native int renameat2(int fromDir, byte[] from, int toDir, byte[] to, int flags);

  static native long readlinkat(int dir, byte[] path, byte[] buffer, long size);

  static native int fchownat(int dir, byte[] path, int uid, int gid, int flags);

  static native int fchmod(int fd, int mode);

  static native int fchmodat(int dir, byte[] path, int mode, int flags);

  static native int utimensat(int dir, byte[] path, long[] times, int flags);

  static native int futimens(int fd, long[] times);

  static native int statx(int dir, byte[] path, int flags, int mask, byte[] buffer);

  static native int statfs(byte[] path, byte[] buffer);

  static native int fstatfs(int fd, byte[] buffer);

  // Extended attributes.
  static native int lsetxattr(byte[] path, byte[] name, byte[] value, long size, int flags);

  static native int fsetxattr(int fd, byte[] name, byte[] value, long size, int flags);

  static native long lgetxattr(byte[] path, byte[] name, byte @Nullable [] value, long size);

  static native long fgetxattr(int fd, byte[] name, byte @Nullable [] value, long size);

  static native long llistxattr(byte[] path, byte @Nullable [] names, long size);

  static native long flistxattr(int fd, byte @Nullable [] names, long size);

  static native int lremovexattr(byte[] path, byte[] name);

  static native int fremovexattr(int fd, byte[] name);

  // Mounts.
  static native int mount(
      byte @Nullable [] source,
      byte[] target,
      byte @Nullable [] type,
      long flags,
      byte @Nullable [] data);

  static native int umount2(byte[] target, int flags);

  // Processes and namespaces.
  static native int posix_spawn(
      int[] pid, byte[] path, long actions, long attributes, long argv, long environment);

  static native int posix_spawn_file_actions_init(long actions);

  static native int posix_spawn_file_actions_destroy(long actions);

  static native int posix_spawn_file_actions_adddup2(long actions, int from, int to);

  static native int posix_spawn_file_actions_addclose(long actions, int fd);

  static native int posix_spawn_file_actions_addopen(
      long actions, int fd, byte[] path, int flags, int mode);

  static native int posix_spawn_file_actions_addclosefrom_np(long actions, int from);

  static native int posix_spawnattr_init(long attributes);

  static native int posix_spawnattr_destroy(long attributes);

  static native int posix_spawnattr_setflags(long attributes, short flags);

  static native int posix_spawnattr_setsigmask(long attributes, byte[] set);

  static native int posix_spawnattr_setsigdefault(long attributes, byte[] set);

  static native int waitpid(int pid, int[] status, int options);

  static native int kill(int pid, int signal);

  static native int getpid();

  static native int gettid();

  static native int prctl(int option, long a, long b, long c, long d);

  static native int unshare(int flags);

  static native int setns(int fd, int type);

  static native int sethostname(byte[] name, long size);

  // Sockets and readiness.
  static native int socket(int domain, int type, int protocol);

  static native int socketpair(int domain, int type, int protocol, int[] fds);

  static native int bind(int fd, byte[] address, int size);

  static native int connect(int fd, byte[] address, int size);

  static native int listen(int fd, int backlog);

  static native int accept4(int fd, byte @Nullable [] address, int @Nullable [] size, int flags);

  static native int shutdown(int fd, int how);

  static native int getsockname(int fd, byte[] address, int[] size);

  static native int getsockopt(int fd, int level, int option, byte[] value, int[] size);

  static native int setsockopt(int fd, int level, int option, byte[] value, int size);

  static native long sendmsg(int fd, long message, int flags);

  static native long recv(int fd, ByteBuffer buffer, long size, int flags);

  static native long recvmsg(int fd, long message, int flags);

  static native int poll(byte[] fds, long count, int timeoutMillis);

  static native int epoll_create1(int flags);

  static native int epoll_ctl(int epoll, int operation, int fd, byte @Nullable [] event);

  static native int epoll_wait(int epoll, long events, int count, int timeoutMillis);

  // System calls the oldest supported C library has no function for.
  static native long syscall(long number, long a, long b, long c, long d, long e);

  static native long syscall(long number, byte[] a, long b);

  static native long syscall(long number, long a, byte[] b, long c);

  static native long syscall(long number, long a, byte[] b, byte[] c, long d);

  static native long syscall(long number, long a, byte[] b, long c, byte[] d, long e);

  static native long syscall(
      long number, long a, long b, byte @Nullable [] c, byte @Nullable [] d, long e);
}
