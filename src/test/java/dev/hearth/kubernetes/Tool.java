package dev.hearth.kubernetes;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * What a program that was run to its end said.
 *
 * @param status its exit status
 * @param output of both streams
 */
record Tool(int status, String output) {
  private static final Duration LIMIT = Duration.ofMinutes(1);

  /** Runs a program to its end. */
  static Tool run(String... command) throws IOException {
    return run(Map.of(), "", List.of(command));
  }

  /** Runs a program to its end with an environment and a standard input. */
  static Tool run(Map<String, String> environment, String input, List<String> command)
      throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().putAll(environment);
    if (input.isEmpty()) {
      builder.redirectInput(Path.of("/dev/null").toFile());
    }
    Process process = builder.start();
    try (var out = process.getInputStream()) {
      if (!input.isEmpty()) {
        try (var in = process.outputWriter(StandardCharsets.UTF_8)) {
          in.write(input);
        }
      }
      String said = new String(out.readAllBytes(), StandardCharsets.UTF_8);
      if (!process.waitFor(LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new IOException(command + " does not end");
      }
      return new Tool(process.exitValue(), said);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } finally {
      process.destroyForcibly();
    }
  }

  /** The output of a program that succeeded. */
  String orFail() {
    if (status != 0) {
      throw new AssertionError("it ended with " + status + ": " + output);
    }
    return output;
  }
}
