package dev.hearth.testing;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/** The criu of this machine. Few machines have one that works with their kernel. */
public final class WorkingCriu {
  private static final int LIMIT_SECONDS = 20;

  private WorkingCriu() {}

  /** Whether there is one, by its own judgement. */
  public static boolean exists() {
    try {
      Process check =
          new ProcessBuilder("criu", "check")
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      return check.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS) && check.exitValue() == 0;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** Skips the test where there is none. */
  public static void assume() {
    Assumptions.assumeTrue(
        exists(), "no criu on the PATH works with this kernel (criu check): install one");
  }
}
