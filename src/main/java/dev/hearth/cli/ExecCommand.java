package dev.hearth.cli;

import com.google.protobuf.ByteString;
import dev.hearth.linux.Fd;
import dev.hearth.linux.LinuxException;
import dev.hearth.linux.NativeCalls;
import dev.hearth.linux.Terminals;
import dev.hearth.proto.cri.v1.ExecRequest;
import dev.hearth.proto.cri.v1.ExecSyncRequest;
import dev.hearth.proto.cri.v1.ExecSyncResponse;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.util.List;
import java.util.Optional;

final class ExecCommand implements Subcommand {
  private static final Option<Boolean> STDIN =
      Option.flag("Hand on standard input, and show output as it comes.", "-i", "--stdin");
  private static final Option<Boolean> TTY =
      Option.flag("Give the command a terminal, and show output as it comes.", "-t", "--tty");
  private static final Option<Long> TIMEOUT =
      Option.valued(
          Option::readNumber,
          "SECONDS",
          "Kill the command after this long; not with -i or -t. Default: never.",
          "--timeout");

  @Override
  public Usage usage() {
    return Usage.of(
            "hearth exec",
            "Runs a command in a container and ends with its code.",
            "Without -i and -t, output is shown when the command has ended, 16 MiB of each stream"
                + " at most.",
            "When the command could not be run at all, a line that begins with \"hearth:\" says so"
                + " and the code is one of those below.")
        .taking("CONTAINER", "Id, its beginning, or name.")
        .takingMany("COMMAND", "The program and its arguments, without a shell.")
        .with(STDIN, TTY, TIMEOUT)
        .verbatimBehindParameter();
  }

  @Override
  public int run(Given given, Session session) {
    if (given.has(STDIN) || given.has(TTY)) {
      if (given.value(TIMEOUT).isPresent()) {
        throw CommandFailure.usage("--timeout is not for -i and -t");
      }
      return stream(given, session);
    }
    ExecSyncResponse answer;
    try (Daemon daemon = session.daemon()) {
      answer =
          daemon
              .patientRuntime()
              .execSync(
                  ExecSyncRequest.newBuilder()
                      .addAllCmd(words(given))
                      .setTimeout(timeoutSeconds(given))
                      .setContainerId(daemon.containerId(given.parameters().getFirst()))
                      .build());
    }
    copy(answer.getStdout(), session.out());
    copy(answer.getStderr(), session.shell().err());
    return answer.getExitCode();
  }

  private static int stream(Given given, Session session) {
    boolean tty = given.has(TTY);
    String url;
    try (Daemon daemon = session.daemon()) {
      url =
          daemon
              .runtime()
              .exec(
                  ExecRequest.newBuilder()
                      .setContainerId(daemon.containerId(given.parameters().getFirst()))
                      .addAllCmd(words(given))
                      .setStdin(given.has(STDIN))
                      .setStdout(true)
                      .setStderr(!tty)
                      .setTty(tty)
                      .build())
              .getUrl();
    }
    Optional<InputStream> input =
        given.has(STDIN) ? Optional.of(new FileInputStream(FileDescriptor.in)) : Optional.empty();
    return tty
        ? withTerminal(url, session.shell(), input)
        : ExecStreams.run(url, session.shell(), input, Optional.empty());
  }

  /** Our own terminal, if there is one, is the command's for as long. */
  private static int withTerminal(String url, Shell shell, Optional<InputStream> input) {
    NativeCalls.load();
    try (Fd own = Fd.adopt(0, "standard input")) {
      if (Terminals.size(own).isEmpty()) {
        return ExecStreams.run(url, shell, input, Optional.empty());
      }
      byte[] before = Terminals.makeRaw(own);
      try {
        return ExecStreams.run(url, shell, input, Optional.of(own));
      } finally {
        Terminals.restore(own, before);
      }
    } catch (LinuxException e) {
      throw CommandFailure.failed("the terminal cannot be used: " + e.getMessage(), e);
    }
  }

  private static long timeoutSeconds(Given given) {
    long seconds = given.value(TIMEOUT).orElse(0L);
    if (seconds < 0) {
      throw CommandFailure.usage("a timeout below zero: " + seconds);
    }
    return seconds;
  }

  /** The command; who is used to kubectl writes -- between container and command. */
  private static List<String> words(Given given) {
    List<String> words = given.parameters().subList(1, given.parameters().size());
    if (words.getFirst().equals("--")) {
      words = words.subList(1, words.size());
    }
    if (words.isEmpty()) {
      throw CommandFailure.usage("no command after --");
    }
    return words;
  }

  private static void copy(ByteString from, PrintStream to) {
    try {
      from.writeTo(to);
    } catch (IOException e) {
      throw new AssertionError("a PrintStream keeps its errors to itself", e);
    }
    to.flush();
  }
}
