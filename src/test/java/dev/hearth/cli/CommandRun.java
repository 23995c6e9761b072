package dev.hearth.cli;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.Map;

/** What one command line printed, and its exit code. */
record CommandRun(int exitCode, String out, String err) {
  static CommandRun of(Path socket, String... arguments) {
    return run(socket, false, arguments);
  }

  static CommandRun onTerminal(Path socket, String... arguments) {
    return run(socket, true, arguments);
  }

  private static CommandRun run(Path socket, boolean terminal, String... arguments) {
    var out = new ByteArrayOutputStream();
    var err = new ByteArrayOutputStream();
    int exitCode =
        HearthCommand.run(
            new Shell(
                new PrintStream(out, false, StandardCharsets.UTF_8),
                new PrintStream(err, false, StandardCharsets.UTF_8),
                () -> terminal,
                Map.of("HEARTH_SOCKET", socket.toString()),
                InstantSource.fixed(FakeDaemon.NOW),
                () -> ZoneOffset.UTC),
            arguments);
    return new CommandRun(
        exitCode, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }
}
