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
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The command line, {@code hearth}: one command against the daemon's socket, then the end. */
@Command(
    name = "hearth",
    description = "Looks after a Hearth daemon and what runs under it.",
    synopsisSubcommandLabel = "COMMAND",
    scope = ScopeType.INHERIT,
    sortOptions = false,
    optionListHeading = "%nOptions:%n",
    commandListHeading = "%nCommands:%n",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:done",
      "1:failed; the message says why",
      "2:the command line makes no sense",
      "3:no daemon answers on the socket",
      "4:what was named is not there",
      "other:exec only, the command's own code"
    })
public final class HearthCommand implements Runnable {
  private static final Set<String> HELP = Set.of("-h", "--help");
  private static final String DEFAULT_SOCKET = "/run/hearth/hearth.sock";
  private static final String SOCKET_VARIABLE = "HEARTH_SOCKET";
  private static final String DEBUG_VARIABLE = "HEARTH_DEBUG";

  private final Shell shell;

  @Spec private @Nullable CommandSpec spec;

  @Option(
      names = "--socket",
      paramLabel = "PATH",
      scope = ScopeType.INHERIT,
      description = "The daemon's socket. Default: $HEARTH_SOCKET, else " + DEFAULT_SOCKET + ".")
  private @Nullable Path socket;

  @Option(
      names = "--patience",
      paramLabel = "SECONDS",
      scope = ScopeType.INHERIT,
      defaultValue = "10",
      description = "How long a quick call may take. Default: ${DEFAULT-VALUE}.")
  private int patienceSeconds;

  @SuppressWarnings("UnusedVariable") // picocli looks at it
  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      scope = ScopeType.INHERIT,
      description = "Shows this.")
  private boolean help;

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
    var commandLine = new CommandLine(hearth);
    hearth.commands(args).forEach(commandLine::addSubcommand);
    return commandLine
        .setOut(writer(shell.out()))
        .setErr(writer(shell.err()))
        .setColorScheme(CommandLine.Help.defaultColorScheme(Ansi.OFF))
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setParameterExceptionHandler((e, _) -> hearth.misused(e))
        .setExecutionExceptionHandler((e, _, _) -> hearth.failed(e));
  }

  /**
   * The commands that may be meant. picocli takes about 10 ms to read the annotations of each, so
   * those whose name does not occur are left out, unless the list of all may be shown.
   */
  private List<CommandLine> commands(List<String> args) {
    var all = new LinkedHashMap<String, Supplier<CommandLine>>();
    all.put("version", () -> new CommandLine(new VersionCommand(this)));
    all.put("status", () -> new CommandLine(new StatusCommand(this)));
    all.put("pods", () -> new CommandLine(new PodsCommand(this)));
    all.put("ps", () -> new CommandLine(new PsCommand(this)));
    all.put("images", () -> new CommandLine(new ImagesCommand(this)));
    all.put("pull", () -> new CommandLine(new PullCommand(this)));
    all.put("logs", () -> new CommandLine(new LogsCommand(this)));
    // What follows the container's name is the command's, options too.
    all.put("exec", () -> new CommandLine(new ExecCommand(this)).setStopAtPositional(true));
    all.put("inspect", () -> new CommandLine(new InspectCommand(this)));
    if (Collections.disjoint(args, HELP) && !Collections.disjoint(args, all.keySet())) {
      all.keySet().retainAll(args);
    }
    return all.values().stream().map(Supplier::get).toList();
  }

  private static PrintWriter writer(PrintStream to) {
    return new PrintWriter(new OutputStreamWriter(to, UTF_8), true);
  }

  /** Without a command: what there is. */
  @Override
  public void run() {
    if (spec != null) {
      spec.commandLine().usage(spec.commandLine().getOut());
    }
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
    if (patienceSeconds <= 0) {
      throw CommandFailure.usage("--patience must be above zero, not " + patienceSeconds);
    }
    return Daemon.at(socket(), Duration.ofSeconds(patienceSeconds));
  }

  private Path socket() {
    if (socket != null) {
      return socket;
    }
    String fromEnvironment = shell.environment().getOrDefault(SOCKET_VARIABLE, "");
    return Path.of(fromEnvironment.isEmpty() ? DEFAULT_SOCKET : fromEnvironment);
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
                .formatted(socket(), patienceSeconds),
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
