package dev.hearth.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.proto.cri.v1.ContainerState;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class LogsCommandTest {
  private static final String ID = "c1" + "0".repeat(62);

  @TempDir Path dir;
  private Path socket;
  private Path log;
  private FakeDaemon daemon;

  @BeforeEach
  void start() throws IOException {
    socket = dir.resolve("s");
    log = dir.resolve("web");
    daemon = new FakeDaemon(socket, true);
    daemon.logDirectory = dir;
    daemon.containers.add(FakeDaemon.container(ID, "a1", "web", 0));
  }

  @AfterEach
  void stop() {
    daemon.close();
  }

  private CommandRun run(String... arguments) {
    return CommandRun.of(socket, arguments);
  }

  private static String record(int number, String content) {
    return "2026-01-31T09:%02d:00.000000000Z stdout F %s\n".formatted(number, content);
  }

  private void append(String text) throws IOException {
    Files.writeString(log, text, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  @Test
  void streamsGoWhereTheContainerSentThem() throws IOException {
    append(record(1, "out") + "2026-01-31T09:02:00Z stderr F err\n");
    assertThat(run("logs", "web")).isEqualTo(new CommandRun(0, "out\n", "err\n"));
  }

  @Test
  void tailCountsLinesAndNotRecords() throws IOException {
    append(record(1, "one"));
    append("2026-01-31T09:02:00Z stdout P two, \n2026-01-31T09:02:00Z stdout F in pieces\n");
    append(record(3, "three"));
    assertThat(run("logs", "--tail", "0", "web").out()).isEmpty();
    assertThat(run("logs", "--tail", "1", "web").out()).isEqualTo("three\n");
    assertThat(run("logs", "--tail=2", "web").out()).isEqualTo("two, in pieces\nthree\n");
    assertThat(run("logs", "--tail", "3", "web").out()).startsWith("one\n");
    assertThat(run("logs", "--tail", "99", "web").out()).startsWith("one\n");
  }

  @Test
  void tailFindsItsLinesAcrossBlocks() throws IOException {
    var expected = new ArrayList<String>();
    var all = new StringBuilder();
    for (int i = 0; i < 3000; i++) {
      String line = i + " " + "x".repeat(i % 200);
      expected.add(line);
      all.append(record(1, line));
    }
    append(all.toString());
    for (int lines : new int[] {1, 299, 300, 2999, 3000}) {
      assertThat(run("logs", "--tail", Integer.toString(lines), "web").out().lines())
          .as("%d lines", lines)
          .containsExactlyElementsOf(expected.subList(3000 - lines, 3000));
    }
  }

  @Test
  void tailOfALineLongerThanABlock() throws IOException {
    String line = "z".repeat(200_000);
    append(record(1, "before") + record(2, line));
    assertThat(run("logs", "--tail", "1", "web").out()).isEqualTo(line + "\n");
  }

  @Test
  void sinceAndTimestamps() throws IOException {
    append(record(19, "old") + record(20, "young"));
    assertThat(run("logs", "--since", "10m", "--timestamps", "web").out())
        .isEqualTo("2026-01-31T09:20:00.000000000Z young\n");
  }

  @Test
  void emptyLogIsNoFailure() throws IOException {
    append("");
    assertThat(run("logs", "web")).isEqualTo(new CommandRun(0, "", ""));
    assertThat(run("logs", "--tail", "5", "web")).isEqualTo(new CommandRun(0, "", ""));
  }

  @Test
  void absentLogOrContainerIsCodeFour() {
    CommandRun run = run("logs", "web");
    assertThat(run.exitCode()).isEqualTo(ExitCode.NOT_FOUND);
    assertThat(run.err()).hasLineCount(1).contains(log.toString());
    assertThat(run("logs", "nope").exitCode()).isEqualTo(ExitCode.NOT_FOUND);
  }

  /** Runs {@code logs -f} on a thread of its own; its output is read as it comes. */
  private final class Following implements AutoCloseable {
    private final BufferedReader lines;
    private final PrintStream out;
    private final CompletableFuture<Integer> exitCode;

    Following(String... options) throws IOException {
      var pipe = new PipedInputStream(1 << 16);
      lines = new BufferedReader(new InputStreamReader(pipe, UTF_8));
      out = new PrintStream(new PipedOutputStream(pipe), false, UTF_8);
      var arguments = new ArrayList<>(List.of("logs", "-f", "web"));
      arguments.addAll(List.of(options));
      exitCode = CompletableFuture.supplyAsync(() -> run(arguments));
    }

    private int run(List<String> arguments) {
      var shell =
          new Shell(
              out,
              new PrintStream(new ByteArrayOutputStream(), false, UTF_8),
              () -> false,
              Map.of("HEARTH_SOCKET", socket.toString()),
              InstantSource.system(),
              () -> ZoneOffset.UTC);
      try {
        return HearthCommand.run(shell, arguments.toArray(String[]::new));
      } finally {
        out.close();
      }
    }

    @Override
    public void close() throws IOException {
      daemon.setState(ID, ContainerState.CONTAINER_EXITED);
      exitCode.orTimeout(30, TimeUnit.SECONDS).join();
      lines.close();
    }
  }

  @Test
  void followShowsWhatIsAppendedUntilTheContainerEnds() throws IOException {
    append(record(1, "one"));
    try (var following = new Following()) {
      assertThat(following.lines.readLine()).isEqualTo("one");
      append(record(2, "two"));
      assertThat(following.lines.readLine()).isEqualTo("two");
      append("2026-01-31T09:03:00Z stdout P three");
      append(" and\n2026-01-31T09:03:00Z stdout F more\n");
      assertThat(following.lines.readLine()).isEqualTo("three andmore");

      append(record(4, "last words"));
      daemon.setState(ID, ContainerState.CONTAINER_EXITED);
      assertThat(following.lines.readLine()).isEqualTo("last words");
      assertThat(following.lines.readLine()).isNull();
      assertThat(following.exitCode.join()).isZero();
    }
  }

  @Test
  void followGoesThroughRotations() throws IOException {
    append(record(1, "one"));
    try (var following = new Following("--tail", "1")) {
      assertThat(following.lines.readLine()).isEqualTo("one");
      for (int i = 2; i < 5; i++) {
        Path rotated = dir.resolve("web." + i);
        Files.move(log, rotated);
        // The shim writes to the old file until it is told, and only then makes the new one.
        Files.writeString(rotated, record(i, "old " + i), StandardOpenOption.APPEND);
        append(record(i, "new " + i));
        assertThat(following.lines.readLine()).isEqualTo("old " + i);
        assertThat(following.lines.readLine()).isEqualTo("new " + i);
      }
    }
  }

  @Test
  void followGoesThroughTruncation() throws IOException {
    append(record(1, "a rather long line, longer than the next"));
    try (var following = new Following()) {
      assertThat(following.lines.readLine()).startsWith("a rather long");
      Files.writeString(log, record(2, "short"), StandardOpenOption.TRUNCATE_EXISTING);
      assertThat(following.lines.readLine()).isEqualTo("short");
    }
  }

  @Test
  void followWaitsForTheLogOfAContainerThatIsStillToStart() throws IOException {
    daemon.setState(ID, ContainerState.CONTAINER_CREATED);
    try (var following = new Following()) {
      append(record(1, "at last"));
      assertThat(following.lines.readLine()).isEqualTo("at last");
    }
  }

  @Test
  void followEndsQuietlyWhenNobodyReads() throws IOException {
    append(record(1, "one"));
    var broken =
        new OutputStream() {
          @Override
          public void write(int b) throws IOException {
            throw new IOException("Broken pipe");
          }
        };
    var shell =
        new Shell(
            new PrintStream(broken, false, UTF_8),
            new PrintStream(new ByteArrayOutputStream(), false, UTF_8),
            () -> false,
            Map.of("HEARTH_SOCKET", socket.toString()),
            InstantSource.system(),
            () -> ZoneOffset.UTC);
    assertThat(HearthCommand.run(shell, "logs", "-f", "web")).isZero();
  }
}
