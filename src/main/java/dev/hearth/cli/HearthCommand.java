package dev.hearth.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Function;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;

/** The command line, {@code hearth}: one command against the daemon's socket, then the end. */
public final class HearthCommand {
  private static final Set<String> HELP = Set.of("-h", "--help");
  private static final String DEFAULT_SOCKET = "/run/hearth/hearth.sock";
  private static final String SOCKET_VARIABLE = "HEARTH_SOCKET";
  private static final String DEBUG_VARIABLE = "HEARTH_DEBUG";

  private final Shell shell;
  private final OptionSpec socket =
      inherited("The daemon's socket. Default: $HEARTH_SOCKET, else " + DEFAULT_SOCKET + ".")
          .names("--socket")
          .type(String.class)
          .paramLabel("PATH")
          .build();
  private final OptionSpec patience =
      inherited("How long a quick call may take. Default: 10.")
          .names("--patience")
          .type(int.class)
          .paramLabel("SECONDS")
          .defaultValue("10")
          .build();
  private final OptionSpec help =
      inherited("Shows this.").names("-h", "--help").type(boolean.class).usageHelp(true).build();

  private HearthCommand(Shell shell) {
    this.shell = shell;
  }

  public static void main(String[] args) {
    // Not only returned: threads of the connection must not hold up the end.
    System.exit(run(Shell.ofThisProcess(), args));
  }

  /**
   * Runs one command line.
   *
   * @return one of {@link ExitCode}, or what the command in the container ended with
   */
  static int run(Shell shell, String... args) {
    int exitCode = commandLine(shell, List.of(args)).execute(args);
    shell.out().flush();
    shell.err().flush();
    return exitCode;
  }

  private static CommandLine commandLine(Shell shell, List<String> args) {
    var hearth = new HearthCommand(shell);
    var commandLine = new CommandLine(hearth.spec());
    for (Subcommand command : hearth.commands(args)) {
      CommandSpec spec = command.spec();
      format(spec);
      commandLine.addSubcommand(spec.name(), spec);
    }
    return commandLine
        .setOut(writer(shell.out()))
        .setErr(writer(shell.err()))
        .setColorScheme(CommandLine.Help.defaultColorScheme(Ansi.OFF))
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setParameterExceptionHandler((e, _) -> hearth.misused(e))
        .setExecutionExceptionHandler((e, _, _) -> hearth.failed(e));
  }

  private CommandSpec spec() {
    // Without a command: what there is.
    CommandSpec spec =
        CommandSpec.wrapWithoutInspection((Runnable) () -> run(shell, "--help")).name("hearth");
    spec.usageMessage()
        .description("Looks after a Hearth daemon and what runs under it.")
        .synopsisSubcommandLabel("COMMAND");
    format(spec);
    return spec.add(socket).add(patience).add(help);
  }

  private static void format(CommandSpec spec) {
    var exitCodes = new LinkedHashMap<String, String>();
    exitCodes.put("0", "done");
    exitCodes.put("1", "failed; the message says why");
    exitCodes.put("2", "the command line makes no sense");
    exitCodes.put("3", "no daemon answers on the socket");
    exitCodes.put("4", "what was named is not there");
    exitCodes.put("other", "exec only, the command's own code");
    spec.usageMessage()
        .sortOptions(false)
        .optionListHeading("%nOptions:%n")
        .commandListHeading("%nCommands:%n")
        .exitCodeListHeading("%nExit codes:%n")
        .exitCodeList(exitCodes);
  }

  private static OptionSpec.Builder inherited(String description) {
    return OptionSpec.builder("-").scopeType(ScopeType.INHERIT).description(description);
  }

  /**
   * The commands that may be meant. Each that is described costs a millisecond or two, so those
   * whose name does not occur are left out, unless the list of all may be shown.
   */
  private List<Subcommand> commands(List<String> args) {
    var all = new LinkedHashMap<String, Function<HearthCommand, Subcommand>>();
    all.put("version", VersionCommand::new);
    all.put("status", StatusCommand::new);
    all.put("pods", PodsCommand::new);
    all.put("ps", PsCommand::new);
    all.put("images", ImagesCommand::new);
    all.put("pull", PullCommand::new);
    all.put("logs", LogsCommand::new);
    all.put("exec", ExecCommand::new);
    all.put("inspect", InspectCommand::new);
    if (Collections.disjoint(args, HELP) && !Collections.disjoint(args, all.keySet())) {
      all.keySet().retainAll(args);
    }
    return all.values().stream().map(constructor -> constructor.apply(this)).toList();
  }

  private static PrintWriter writer(PrintStream to) {
    return new PrintWriter(new OutputStreamWriter(to, UTF_8), true);
  }

  Shell shell() {
    return shell;
  }

  PrintStream out() {
    return shell.out();
  }

  /**
   * Opens a connection.
   *
   * @throws CommandFailure if there is no socket
   */
  Daemon daemon() {
    if (patienceSeconds() <= 0) {
      throw CommandFailure.usage("--patience must be above zero, not " + patienceSeconds());
    }
    return Daemon.at(socket(), Duration.ofSeconds(patienceSeconds()));
  }

  private Path socket() {
    String fromEnvironment = shell.environment().getOrDefault(SOCKET_VARIABLE, "");
    String otherwise = fromEnvironment.isEmpty() ? DEFAULT_SOCKET : fromEnvironment;
    return Path.of(Arguments.<String>given(socket).orElse(otherwise));
  }

  private int patienceSeconds() {
    return patience.<Integer>getValue();
  }

  private int misused(ParameterException e) {
    String command = e.getCommandLine().getCommandSpec().qualifiedName();
    complain(e.getMessage() + "; see " + command + " --help");
    return ExitCode.USAGE;
  }

  private int failed(Exception e) {
    if (shell.environment().containsKey(DEBUG_VARIABLE)) {
      e.printStackTrace(shell.err());
    }
    return switch (e) {
      case CommandFailure failure -> report(failure);
      case StatusRuntimeException refused -> report(asFailure(refused));
      default -> {
        complain(
            "%s (a fault of hearth's own; set %s=1 to see where)".formatted(e, DEBUG_VARIABLE));
        yield ExitCode.FAILED;
      }
    };
  }

  private int report(CommandFailure failure) {
    complain(String.valueOf(failure.getMessage()));
    return failure.exitCode();
  }

  private void complain(String message) {
    shell.out().flush();
    shell.err().println("hearth: " + Plain.text(message));
  }

  private CommandFailure asFailure(StatusRuntimeException refused) {
    Status status = refused.getStatus();
    String said = status.getDescription() == null ? "" : status.getDescription();
    return switch (status.getCode()) {
      case NOT_FOUND -> CommandFailure.notFound(said, refused);
      case UNAVAILABLE -> unavailable(said, refused);
      case DEADLINE_EXCEEDED -> late(said, refused);
      case UNIMPLEMENTED ->
          CommandFailure.failed(
              "the daemon at %s does not do that: %s".formatted(socket(), said), refused);
      default ->
          CommandFailure.failed(
              said.isEmpty() ? "the daemon answered " + status.getCode() : said, refused);
    };
  }

  /** Either there is no daemon, or it is there and says "not now". */
  private CommandFailure unavailable(String said, StatusRuntimeException refused) {
    return refused.getStatus().getCause() instanceof IOException cause
        ? CommandFailure.unreachable(
            "no daemon at %s: %s; is hearthd running, and may you use its socket?"
                .formatted(socket(), reason(cause)),
            refused)
        : CommandFailure.failed(said, refused);
  }

  /** Either our own deadline passed, as the words of gRPC's client tell, or one of the daemon's. */
  private CommandFailure late(String said, StatusRuntimeException refused) {
    return said.contains("CallOptions")
        ? CommandFailure.unreachable(
            "the daemon at %s gave no answer within %d s; --patience waits longer"
                .formatted(socket(), patienceSeconds()),
            refused)
        : CommandFailure.failed(said, refused);
  }

  /** "Connection refused" out of Netty's "finishConnect(..) failed with error(-111): ...: path". */
  private static String reason(IOException cause) {
    String message = String.valueOf(cause.getMessage());
    for (String known : new String[] {"Connection refused", "Permission denied", "No such file"}) {
      if (message.contains(known)) {
        return known.toLowerCase(Locale.ROOT);
      }
    }
    return message;
  }
}
