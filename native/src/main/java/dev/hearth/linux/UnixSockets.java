package dev.hearth.linux;

import static dev.hearth.linux.LibC.AT_FDCWD;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Optional;

/** Unix sockets, unix(7), at paths of any length. Messages go by {@link SocketMessages}. */
public final class UnixSockets {
  private static final int AF_UNIX = 1;
  private static final int SOL_SOCKET = 1;
  private static final int SO_PASSCRED = 16;
  private static final int SO_PEERCRED = 17;
  private static final int SOCK_CLOEXEC = OpenFlag.CLOEXEC;
  private static final int SOCK_NONBLOCK = 0x800;

  /** Size of sockaddr_un's path, its NUL included. */
  private static final int PATH_SIZE = 108;

  private UnixSockets() {}

  /** Kinds of sockets. */
  public enum Kind {
    STREAM(1),
    /** Connected, and keeps the bounds of messages. */
    SEQUENCED_PACKETS(5);

    private final int type;

    Kind(int type) {
      this.type = type;
    }
  }

  /** Who is at the other end, as it was when it connected or listened. */
  public record Credentials(int pid, int uid, int gid) {}

  /** Two connected sockets; both block. */
  public record Pair(Fd first, Fd second) implements AutoCloseable {
    @Override
    public void close() {
      first.close();
      second.close();
    }
  }

  /** Makes two connected sockets, both blocking. */
  public static Pair pair(Kind kind) throws LinuxException {
    int[] ends = new int[2];
    int result = LibC.socketpair(AF_UNIX, kind.type | SOCK_CLOEXEC, 0, ends);
    Sys.check(result, "make socket pair", "");
    return new Pair(new Fd(ends[0], "socket pair"), new Fd(ends[1], "socket pair"));
  }

  /**
   * A non-blocking socket that listens at a path, which must not be there yet.
   *
   * @param mode permissions of the socket, in force before anybody can connect
   * @param backlog connections that may wait to be accepted
   */
  public static Fd listen(Path path, Kind kind, int mode, int backlog) throws LinuxException {
    String name = path.toString();
    byte[] bytes = Sys.encode("listen at", name);
    Fd socket = socket(kind, name);
    boolean bound = false;
    try (Fd.Use use = socket.use("listen at")) {
      withAddress(
          path,
          "listen at",
          (address, size) -> Sys.check(LibC.bind(use.number(), address, size), "listen at", name));
      bound = true;
      // Until listen(2) connecting is refused, so the mode comes in time.
      Sys.check(LibC.fchmodat(AT_FDCWD, bytes, mode, 0), "set mode of", name);
      Sys.check(LibC.listen(use.number(), backlog), "listen at", name);
      return socket;
    } catch (LinuxException e) {
      socket.close();
      if (bound) {
        LibC.unlinkat(AT_FDCWD, bytes, 0);
      }
      throw e;
    }
  }

  /**
   * A non-blocking socket connected to a path. EAGAIN when the listener's backlog is full,
   * ECONNREFUSED when nobody listens.
   */
  public static Fd connect(Path path, Kind kind) throws LinuxException {
    String name = path.toString();
    Fd socket = socket(kind, name);
    try (Fd.Use use = socket.use("connect to")) {
      withAddress(
          path,
          "connect to",
          (address, size) ->
              Sys.check(LibC.connect(use.number(), address, size), "connect to", name));
      return socket;
    } catch (LinuxException e) {
      socket.close();
      throw e;
    }
  }

  private static Fd socket(Kind kind, String name) throws LinuxException {
    int fd = LibC.socket(AF_UNIX, kind.type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return new Fd(Sys.check(fd, "make socket for", name), name);
  }

  private interface AddressCall {
    void with(byte[] address, int size) throws LinuxException;
  }

  /** A path too long for an address is reached from its directory, held open meanwhile. */
  private static void withAddress(Path path, String operation, AddressCall call)
      throws LinuxException {
    byte[] bytes = Sys.encode(operation, path.toString());
    if (bytes.length <= PATH_SIZE) {
      call.with(address(bytes), 2 + bytes.length);
      return;
    }
    Path parent = path.toAbsolutePath().getParent();
    Path name = path.getFileName();
    if (parent == null || name == null) {
      throw new LinuxException(operation, path.toString(), Errno.EINVAL);
    }
    try (Fd dir = Opens.open(parent, EnumSet.of(OpenFlag.PATH, OpenFlag.DIRECTORY))) {
      byte[] shorter = Sys.encode(operation, dir.procPath() + "/" + name);
      if (shorter.length > PATH_SIZE) {
        throw new LinuxException(operation, path.toString(), Errno.ENAMETOOLONG);
      }
      call.with(address(shorter), 2 + shorter.length);
    }
  }

  private static byte[] address(byte[] path) {
    return ByteBuffer.allocate(2 + PATH_SIZE)
        .order(ByteOrder.nativeOrder())
        .putShort((short) AF_UNIX)
        .put(path)
        .array();
  }

  /** The next connection, as a non-blocking socket; empty when none waits. */
  public static Optional<Fd> accept(Fd listener) throws LinuxException {
    try (Fd.Use use = listener.use("accept at")) {
      int fd;
      do {
        fd = LibC.accept4(use.number(), null, null, SOCK_CLOEXEC | SOCK_NONBLOCK);
      } while (fd < 0 && (Sys.failedWith(Errno.EINTR) || Sys.failedWith(Errno.ECONNABORTED)));
      if (fd < 0 && Sys.failedWith(Errno.EAGAIN)) {
        return Optional.empty();
      }
      Sys.check(fd, "accept at", listener.name());
      return Optional.of(new Fd(fd, "connection to " + listener.name()));
    }
  }

  /** Who is at the other end, SO_PEERCRED. */
  public static Credentials peer(Fd socket) throws LinuxException {
    byte[] value = new byte[12];
    int[] size = {value.length};
    try (Fd.Use use = socket.use("look at peer of")) {
      int result = LibC.getsockopt(use.number(), SOL_SOCKET, SO_PEERCRED, value, size);
      Sys.check(result, "look at peer of", socket.name());
    }
    return credentials(ByteBuffer.wrap(value).order(ByteOrder.nativeOrder()));
  }

  static Credentials credentials(ByteBuffer in) {
    return new Credentials(in.getInt(), in.getInt(), in.getInt());
  }

  /** Whether received messages carry their sender's credentials, SO_PASSCRED. */
  public static void setPassCredentials(Fd socket, boolean on) throws LinuxException {
    setOption(socket, SOL_SOCKET, SO_PASSCRED, on ? 1 : 0);
  }

  static void setOption(Fd socket, int level, int option, int value) throws LinuxException {
    byte[] bytes = ByteBuffer.allocate(4).order(ByteOrder.nativeOrder()).putInt(value).array();
    try (Fd.Use use = socket.use("set option of")) {
      int result = LibC.setsockopt(use.number(), level, option, bytes, bytes.length);
      Sys.check(result, "set option of", socket.name());
    }
  }

  /** Which direction of a connection to end. */
  public enum Direction {
    READ(0),
    /** The other end reads an end of file when it has read the rest. */
    WRITE(1),
    BOTH(2);

    private final int how;

    Direction(int how) {
      this.how = how;
    }
  }

  /** Ends directions of a connection, for every descriptor of it. */
  public static void shutdown(Fd socket, Direction direction) throws LinuxException {
    try (Fd.Use use = socket.use("shut down")) {
      int result = LibC.shutdown(use.number(), direction.how);
      Sys.check(result, "shut down", socket.name());
    }
  }

  /** The path a socket listens at or is connected from; empty when it has none. */
  public static String localPath(Fd socket) throws LinuxException {
    byte[] address = new byte[2 + PATH_SIZE + 1];
    int[] size = {address.length};
    try (Fd.Use use = socket.use("look at address of")) {
      int result = LibC.getsockname(use.number(), address, size);
      Sys.check(result, "look at address of", socket.name());
    }
    int end = 2;
    while (end < Math.min(size[0], address.length) && address[end] != 0) {
      end++;
    }
    return Sys.decode(Arrays.copyOf(address, end), 2, end);
  }
}
