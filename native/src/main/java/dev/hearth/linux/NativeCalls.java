package dev.hearth.linux;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;

/** Loads what native calls need before the first of them. */
public final class NativeCalls {
  private NativeCalls() {}

  /**
   * Loads JNA and maps the C library, which takes the first caller 40 to 140 ms: call it early, on
   * a thread of its own if there is other work to do.
   *
   * <p>It also starts the threads that the JDK and JNA start when they first need them. A thread
   * inherits the namespaces of the one that starts it, so on a {@link Namespaces} thread that would
   * be the wrong moment. JNA's ends when it has nothing left to clean, which never comes, as the
   * library mapped here stays.
   *
   * @throws IllegalStateException when the kernel's answer is not what it must be
   */
  public static void load() {
    Loaded.once();
  }

  /** Its initialisation is the loading. */
  private static final class Loaded {
    static {
      if (LibC.getpid() != ProcessHandle.current().pid()) {
        throw new IllegalStateException("the C library does not know this process");
      }
      Arch.current();
      // The cleaner of files, the one of buffers, and the thread that wakes virtual threads.
      try (var file = new FileInputStream("/proc/self/stat")) {
        ByteBuffer.allocateDirect(1).put((byte) file.read());
      } catch (IOException e) {
        throw new UncheckedIOException("/proc is not mounted", e);
      }
      Thread.ofVirtual().unstarted(() -> {});
    }

    private static void once() {}
  }
}
