package dev.hearth.cli;

import com.google.protobuf.ByteString;
import dev.hearth.proto.cri.v1.ExecSyncRequest;
import dev.hearth.proto.cri.v1.ExecSyncResponse;
import java.io.IOException;
import java.io.PrintStream;
import java.util.List;

final class ExecCommand implements Subcommand {
  private static final Option<Boolean> STDIN = Option.flag("Not available yet.", "-i", "--stdin");
  private static final Option<Boolean> TTY = Option.flag("Not available yet.", "-t", "--tty");
  private static final Option<Long> TIMEOUT =
      Option.valued(
          Option::readNumber,
          "SECONDS",
          "Kill the command after this long. Default: never.",
          "--timeout");

  @Override
  public Usage usage() {
    return Usage.of(
            "hearth exec",
            "Runs a command in a container and ends with its code.",
            "Output is shown when the command has ended, 16 MiB of each stream at most.",
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
      throw CommandFailure.usage(
          "exec cannot connect standard input or a terminal yet; leave out -i and -t");
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
