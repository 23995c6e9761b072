package dev.hearth.linux;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** poll(2). */
final class Polling {
  private static final int SIZE = 8;
  private static final short POLLIN = 1;
  private static final short POLLOUT = 4;

  private Polling() {}

  static Optional<Integer> poll(List<Descriptors.Interest> interests, Duration timeout)
      throws LinuxException {
    long end = System.nanoTime() + timeout.toNanos();
    List<Fd.Use> uses = new ArrayList<>(interests.size());
    try {
      byte[] fds = new byte[interests.size() * SIZE];
      ByteBuffer out = ByteBuffer.wrap(fds).order(ByteOrder.nativeOrder());
      for (Descriptors.Interest interest : interests) {
        Fd.Use use = interest.fd().use("poll");
        uses.add(use);
        int events = (interest.readable() ? POLLIN : 0) | (interest.writable() ? POLLOUT : 0);
        out.putInt(use.number()).putShort((short) events).putShort((short) 0);
      }
      while (true) {
        long left = Math.max(0, end - System.nanoTime());
        int millis = (int) Math.min(Integer.MAX_VALUE, (left + 999_999) / 1_000_000);
        int ready = LibC.poll(fds, interests.size(), millis);
        if (ready > 0) {
          return first(out, interests.size());
        }
        if (ready == 0 && left == 0) {
          return Optional.empty();
        }
        if (ready < 0 && !Sys.failedWith(Errno.EINTR)) {
          throw Sys.failure("poll", "");
        }
      }
    } finally {
      uses.forEach(Fd.Use::close);
    }
  }

  private static Optional<Integer> first(ByteBuffer fds, int count) {
    for (int i = 0; i < count; i++) {
      if (fds.getShort(i * SIZE + 6) != 0) {
        return Optional.of(i);
      }
    }
    return Optional.empty();
  }

  /**
   * Whether a descriptor is ready now.
   *
   * @param events EPOLLIN and EPOLLOUT, which have the same numbers here
   */
  static boolean isReady(int number, int events) {
    byte[] fds = new byte[SIZE];
    ByteBuffer.wrap(fds).order(ByteOrder.nativeOrder()).putInt(number).putShort((short) events);
    return LibC.poll(fds, 1, 0) > 0;
  }
}
