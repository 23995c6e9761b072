package dev.hearth.bench;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;

/**
 * A shell in a mount namespace without the unified cgroup hierarchy, which Debian's crun refuses
 * beside the others. It stays, so that a command costs a fork and no namespace.
 */
final class LegacyShell implements AutoCloseable {
  static final String LEAVE_UNIFIED =
      "mountpoint -q /sys/fs/cgroup/unified && umount /sys/fs/cgroup/unified; ";

  private final Process process;
  private final BufferedWriter in;
  private final BufferedReader out;

  LegacyShell(Path errors) throws IOException {
    String loop = LEAVE_UNIFIED + "while read -r line; do $line >&2; echo $?; done";
    process =
        new ProcessBuilder("unshare", "--mount", "sh", "-c", loop)
            .redirectError(errors.toFile())
            .start();
    in = process.outputWriter(StandardCharsets.UTF_8);
    out = process.inputReader(StandardCharsets.UTF_8);
  }

  /** Runs a command to its end; its words are separated by spaces and contain none. */
  void run(String command) throws IOException {
    in.write(command + "\n");
    in.flush();
    String status = out.readLine();
    if (!"0".equals(status)) {
      throw new IOException(command + " ended with " + status);
    }
  }

  @Override
  public void close() throws IOException {
    in.close();
    Processes.await(process, Duration.ofSeconds(10));
  }
}
