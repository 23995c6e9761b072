package dev.hearth.cli;

import com.google.protobuf.ByteString;
import dev.hearth.proto.cri.v1.ExecSyncRequest;
import dev.hearth.proto.cri.v1.ExecSyncResponse;
import java.io.IOException;
import java.io.PrintStream;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

final class ExecCommand implements Subcommand {
  private final HearthCommand hearth;
  private final OptionSpec stdin = Arguments.flag("Not available yet.", "-i", "--stdin");
  private final OptionSpec tty = Arguments.flag("Not available yet.", "-t", "--tty");
  private final OptionSpec timeout =
      Arguments.valued(
          Long.class, "SECONDS", "Kill the command after this long. Default: never.", "--timeout");
  private final PositionalParamSpec container =
      Arguments.parameter(0, "CONTAINER", "Id, its beginning, or name.");
  private final PositionalParamSpec command =
      Arguments.parametersFrom(1, "COMMAND", "The program and its arguments, without a shell.");

  ExecCommand(HearthCommand hearth) {
    this.hearth = hearth;
  }

  @Override
  public CommandSpec spec() {
    CommandSpec spec =
        Arguments.command(
                this,
                "exec",
                "Runs a command in a container and ends with the command's own code.",
                "Output is shown when the command has ended, 16 MiB of each stream at most. When the"
                    + " command could not be run at all, a line that begins with \"hearth:\" says so and"
                    + " the code is one of those below.")
            .add(container)
            .add(command)
            .add(stdin)
            .add(tty)
            .add(timeout);
    // What follows the container's name is the command's, options too.
    spec.parser().stopAtPositional(true);
    return spec;
  }

  @Override
  public Integer call() {
    if (Arguments.isSet(stdin) || Arguments.isSet(tty)) {
      throw CommandFailure.usage(
          "exec cannot connect standard input or a terminal yet; leave out -i and -t");
    }
    ExecSyncResponse answer;
    try (Daemon daemon = hearth.daemon()) {
      answer =
          daemon
              .patientRuntime()
              .execSync(
                  ExecSyncRequest.newBuilder()
                      .addAllCmd(words())
                      .setTimeout(timeoutSeconds())
                      .setContainerId(daemon.containerId(Arguments.text(container)))
                      .build());
    }
    copy(answer.getStdout(), hearth.out());
    copy(answer.getStderr(), hearth.shell().err());
    return answer.getExitCode();
  }

  private long timeoutSeconds() {
    long seconds = Arguments.<Long>given(timeout).orElse(0L);
    if (seconds < 0) {
      throw CommandFailure.usage("a timeout below zero: " + seconds);
    }
    return seconds;
  }

  /** The command; who is used to kubectl writes -- between container and command. */
  private List<String> words() {
    List<String> words = Arguments.<List<String>>given(command).orElse(List.of());
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
