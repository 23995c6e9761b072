package dev.hearth.linux;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Messages with descriptors, sendmsg(2) and recvmsg(2). For plain bytes {@link Descriptors} do. */
public final class SocketMessages {
  /** Most descriptors the kernel takes in one message, SCM_MAX_FD. */
  public static final int MAX_DESCRIPTORS = 253;

  private static final int SOL_SOCKET = 1;
  private static final int SCM_RIGHTS = 1;
  private static final int SCM_CREDENTIALS = 2;
  private static final int MSG_CTRUNC = 0x8;
  private static final int MSG_TRUNC = 0x20;
  private static final int MSG_NOSIGNAL = 0x4000;
  private static final int MSG_CMSG_CLOEXEC = 0x4000_0000;

  // struct msghdr, struct iovec and struct cmsghdr of both processors.
  private static final int HEADER_SIZE = 56;
  private static final int HEADER_IOV = 16;
  private static final int HEADER_IOV_COUNT = 24;
  private static final int HEADER_CONTROL = 32;
  private static final int HEADER_CONTROL_SIZE = 40;
  private static final int HEADER_FLAGS = 48;
  private static final int IOV_SIZE = 16;
  private static final int CONTROL_HEADER_SIZE = 16;
  private static final int CREDENTIALS_SIZE = 12;

  private SocketMessages() {}

  /**
   * Sends the buffer's remaining bytes with descriptors, which the receiver gets copies of. On a
   * stream at least one byte must go with them; there only some of the bytes may be taken, the
   * descriptors with them.
   *
   * @return bytes sent; 0 when a non-blocking socket takes none now
   */
  public static int send(Fd socket, ByteBuffer bytes, List<Fd> descriptors) throws LinuxException {
    if (descriptors.size() > MAX_DESCRIPTORS) {
      throw new LinuxException("send descriptors to", socket.name(), Errno.EINVAL);
    }
    int controlSize =
        descriptors.isEmpty() ? 0 : CONTROL_HEADER_SIZE + descriptors.size() * Integer.BYTES;
    int room = room(bytes.remaining(), Scratch.room(controlSize));
    List<Fd.Use> uses = new ArrayList<>(descriptors.size());
    try (Fd.Use use = socket.use("send to");
        Scratch scratch = new Scratch(room)) {
      int header = header(scratch, bytes.remaining(), controlSize);
      scratch.view().put(data(scratch, header), bytes, bytes.position(), bytes.remaining());
      if (controlSize > 0) {
        int control = control(scratch, header);
        scratch
            .view()
            .putLong(control, controlSize)
            .putInt(control + 8, SOL_SOCKET)
            .putInt(control + 12, SCM_RIGHTS);
        for (Fd descriptor : descriptors) {
          Fd.Use held = descriptor.use("send");
          scratch.view().putInt(control + CONTROL_HEADER_SIZE + uses.size() * 4, held.number());
          uses.add(held);
        }
      }
      long sent;
      do {
        sent = LibC.sendmsg(use.number(), scratch.address() + header, MSG_NOSIGNAL);
      } while (sent < 0 && Sys.failedWith(Errno.EINTR));
      if (sent < 0) {
        if (Sys.failedWith(Errno.EAGAIN)) {
          return 0;
        }
        throw Sys.failure("send to", socket.name());
      }
      bytes.position(bytes.position() + (int) sent);
      return (int) sent;
    } finally {
      uses.forEach(Fd.Use::close);
    }
  }

  /**
   * A message received; closing it closes the descriptors that came with it.
   *
   * @param bytes their number; -1 at the end of the connection; 0 when a non-blocking socket has
   *     none now
   * @param descriptors the receiver's own, all to be closed
   * @param bytesLost the packet was longer than the buffer
   * @param descriptorsLost more came than were asked for or could be opened; the kernel closed them
   * @param sender when {@link UnixSockets#setPassCredentials} asked for it
   */
  public record Received(
      int bytes,
      List<Fd> descriptors,
      boolean bytesLost,
      boolean descriptorsLost,
      Optional<UnixSockets.Credentials> sender)
      implements AutoCloseable {
    public Received {
      descriptors = List.copyOf(descriptors);
    }

    private static Received nothing(int bytes) {
      return new Received(bytes, List.of(), false, false, Optional.empty());
    }

    @Override
    public void close() {
      descriptors.forEach(Fd::close);
    }
  }

  /** Receives into the buffer's remaining space, with at most so many descriptors. */
  public static Received receive(Fd socket, ByteBuffer to, int maxDescriptors)
      throws LinuxException {
    int rights = Scratch.room(CONTROL_HEADER_SIZE + maxDescriptors * Integer.BYTES);
    int controlSize = rights + Scratch.room(CONTROL_HEADER_SIZE + CREDENTIALS_SIZE);
    try (Fd.Use use = socket.use("receive from");
        Scratch scratch = new Scratch(room(to.remaining(), controlSize))) {
      int header = header(scratch, to.remaining(), controlSize);
      long message = scratch.address() + header;
      long received;
      do {
        received = LibC.recvmsg(use.number(), message, MSG_CMSG_CLOEXEC);
      } while (received < 0 && Sys.failedWith(Errno.EINTR));
      if (received < 0) {
        if (Sys.failedWith(Errno.EAGAIN)) {
          return Received.nothing(0);
        }
        throw Sys.failure("receive from", socket.name());
      }
      Received result = decode(scratch, header, (int) received, socket.name());
      int data = data(scratch, header);
      int kept = Math.min((int) received, to.remaining());
      to.put(to.position(), scratch.view(), data, kept);
      to.position(to.position() + kept);
      return result;
    }
  }

  private static Received decode(Scratch scratch, int header, int received, String name) {
    ByteBuffer view = scratch.view();
    int flags = view.getInt(header + HEADER_FLAGS);
    int at = control(scratch, header);
    int end = at + (int) view.getLong(header + HEADER_CONTROL_SIZE);
    List<Fd> descriptors = new ArrayList<>();
    Optional<UnixSockets.Credentials> sender = Optional.empty();
    while (at + CONTROL_HEADER_SIZE <= end) {
      int length = (int) view.getLong(at);
      int from = at + CONTROL_HEADER_SIZE;
      boolean ours = view.getInt(at + 8) == SOL_SOCKET;
      int type = view.getInt(at + 12);
      if (ours && type == SCM_RIGHTS) {
        for (int fd = from; fd + 4 <= at + length; fd += 4) {
          descriptors.add(new Fd(view.getInt(fd), "descriptor received from " + name));
        }
      } else if (ours && type == SCM_CREDENTIALS) {
        ByteBuffer credentials = view.slice(from, CREDENTIALS_SIZE).order(view.order());
        sender = Optional.of(UnixSockets.credentials(credentials));
      }
      at += Scratch.room(Math.max(length, CONTROL_HEADER_SIZE));
    }
    boolean ended = received == 0 && descriptors.isEmpty();
    return new Received(
        ended ? -1 : received,
        descriptors,
        (flags & MSG_TRUNC) != 0,
        (flags & MSG_CTRUNC) != 0,
        sender);
  }

  private static int room(int bytes, int controlSize) {
    return HEADER_SIZE + IOV_SIZE + Scratch.room(bytes) + controlSize;
  }

  /** Lays out header, vector, data and control in a block: the header's offset. */
  private static int header(Scratch scratch, int bytes, int controlSize) {
    int header = scratch.take(HEADER_SIZE);
    int vector = scratch.take(IOV_SIZE);
    int data = scratch.take(Scratch.room(bytes));
    ByteBuffer view = scratch.view();
    view.putLong(vector, scratch.address() + data).putLong(vector + 8, bytes);
    view.putLong(header + HEADER_IOV, scratch.address() + vector);
    view.putLong(header + HEADER_IOV_COUNT, 1);
    if (controlSize > 0) {
      int control = scratch.take(controlSize);
      view.putLong(header + HEADER_CONTROL, scratch.address() + control);
      view.putLong(header + HEADER_CONTROL_SIZE, controlSize);
    }
    return header;
  }

  private static int data(Scratch scratch, int header) {
    int vector = (int) (scratch.view().getLong(header + HEADER_IOV) - scratch.address());
    return (int) (scratch.view().getLong(vector) - scratch.address());
  }

  private static int control(Scratch scratch, int header) {
    return (int) (scratch.view().getLong(header + HEADER_CONTROL) - scratch.address());
  }
}
