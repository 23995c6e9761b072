package dev.hearth.cli;

import com.google.protobuf.ByteString;
import dev.hearth.proto.cri.v1.ExecSyncRequest;
import dev.hearth.proto.cri.v1.ExecSyncResponse;
import java.io.IOException;
import java.io.PrintStream;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "exec",
    description = {
      "Runs a command in a container and ends with the command's own code.",
      "Output is shown when the command has ended, 16 MiB of each stream at most. When the"
          + " command could not be run at all, a line that begins with \"hearth:\" says so and"
          + " the code is one of those below."
    })
final class ExecCommand implements Callable<Integer> {
  private final HearthCommand hearth;

  @Option(
      names = {"-i", "--stdin"},
      description = "Not available yet.")
  private boolean stdin;

  @Option(
      names = {"-t", "--tty"},
      description = "Not available yet.")
  private boolean tty;

  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      description = "Kill the command after this long. Default: never.")
  private long timeoutSeconds;

  @Parameters(index = "0", paramLabel = "CONTAINER", description = "Id, its beginning, or name.")
  private String container = "";

  @Parameters(
      index = "1..*",
      arity = "1..*",
      paramLabel = "COMMAND",
      description = "The program and its arguments, without a shell.")
  private List<String> command = List.of();

  ExecCommand(HearthCommand hearth) {
    this.hearth = hearth;
  }

  @Override
  public Integer call() {
    if (stdin || tty) {
      throw CommandFailure.usage(
          "exec cannot connect standard input or a terminal yet; leave out -i and -t");
    }
    if (withoutSeparator().isEmpty()) {
      throw CommandFailure.usage("no command after --");
    }
    if (timeoutSeconds < 0) {
      throw CommandFailure.usage("a timeout below zero: " + timeoutSeconds);
    }
    ExecSyncResponse answer;
    try (Daemon daemon = hearth.daemon()) {
      answer =
          daemon
              .patientRuntime()
              .execSync(
                  ExecSyncRequest.newBuilder()
                      .setContainerId(daemon.containerId(container))
                      .addAllCmd(withoutSeparator())
                      .setTimeout(timeoutSeconds)
                      .build());
    }
    copy(answer.getStdout(), hearth.out());
    copy(answer.getStderr(), hearth.shell().err());
    return answer.getExitCode();
  }

  /** Who is used to kubectl writes -- between container and command. */
  private List<String> withoutSeparator() {
    return command.getFirst().equals("--") ? command.subList(1, command.size()) : command;
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
