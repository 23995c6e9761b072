package dev.hearth.cli;

import io.grpc.StatusRuntimeException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** The command line, {@code hearth}: one command against the daemon's socket, then the end. */
public final class HearthCommand {
  private static final String DEFAULT_SOCKET = "/run/hearth/hearth.sock";
  private static final String SOCKET_VARIABLE = "HEARTH_SOCKET";
  private static final String DEBUG_VARIABLE = "HEARTH_DEBUG";
  private static final long DEFAULT_PATIENCE_SECONDS = 10;

  private static final Option<Path> SOCKET =
      Option.valued(
          Path::of,
          "PATH",
          "The daemon's socket. Default: $HEARTH_SOCKET, else " + DEFAULT_SOCKET + ".",
          "--socket");
  private static final Option<Long> PATIENCE =
      Option.valued(
          HearthCommand::readPatience,
          "SECONDS",
          "How long a quick call may take. Default: " + DEFAULT_PATIENCE_SECONDS + ".",
          "--patience");
  private static final Option<Boolean> HELP = Option.flag("Shows this.", "-h", "--help");

  private static final Usage USAGE =
      Usage.of("hearth", "Looks after a Hearth daemon and what runs under it.")
          .takingMany("COMMAND [ARGUMENT]", "")
          .with(SOCKET, PATIENCE, HELP)
          .verbatimBehindParameter();

  private final Shell shell;

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
    int exitCode = new HearthCommand(shell).run(List.of(args));
    shell.out().flush();
    shell.err().flush();
    return exitCode;
  }

  private static Map<String, Supplier<Subcommand>> commands() {
    var commands = new LinkedHashMap<String, Supplier<Subcommand>>();
    commands.put("version", VersionCommand::new);
    commands.put("status", StatusCommand::new);
    commands.put("pods", PodsCommand::new);
    commands.put("ps", PsCommand::new);
    commands.put("images", ImagesCommand::new);
    commands.put("pull", PullCommand::new);
    commands.put("logs", LogsCommand::new);
    commands.put("exec", ExecCommand::new);
    commands.put("inspect", InspectCommand::new);
    commands.put("stats", StatsCommand::new);
    commands.put("stop", StopCommand::new);
    commands.put("rm", RemoveCommand::new);
    return commands;
  }

  private int run(List<String> words) {
    try {
      var given = new Given();
      CommandLineReader.read(USAGE, given, words);
      if (given.has(HELP) || given.parameters().isEmpty() || asksForHelp(given)) {
        shell.out().print(HelpText.of(USAGE, commandUsages()));
        return ExitCode.OK;
      }
      return run(given);
    } catch (CommandFailure e) {
      return failed(e);
    } catch (RuntimeException e) {
      printTrace(e);
      complain("%s (a fault of hearth's own; %s=1 shows where)".formatted(e, DEBUG_VARIABLE));
      return ExitCode.FAILED;
    }
  }

  /** {@code hearth help}, as other programs have it. */
  private static boolean asksForHelp(Given given) {
    return given.parameters().equals(List.of("help"));
  }

  private static List<Usage> commandUsages() {
    return commands().values().stream().map(command -> command.get().usage()).toList();
  }

  /** Runs the command that the first parameter names, with the words behind it. */
  private int run(Given given) {
    List<String> words = given.parameters();
    Supplier<Subcommand> named = commands().get(words.getFirst());
    if (named == null) {
      throw CommandLineReader.misuse(USAGE, "there is no command " + words.getFirst());
    }
    Subcommand command = named.get();
    Usage usage = command.usage().with(SOCKET, PATIENCE, HELP);
    given.clearParameters();
    CommandLineReader.read(usage, given, words.subList(1, words.size()));
    if (given.has(HELP)) {
      shell.out().print(HelpText.of(usage));
      return ExitCode.OK;
    }
    CommandLineReader.checkParameters(usage, given);
    Session session = session(given);
    try {
      return command.run(given, session);
    } catch (StatusRuntimeException e) {
      return failed(session.failure(e));
    }
  }

  private Session session(Given given) {
    String fromEnvironment = shell.environment().getOrDefault(SOCKET_VARIABLE, "");
    String otherwise = fromEnvironment.isEmpty() ? DEFAULT_SOCKET : fromEnvironment;
    return new Session(
        shell,
        given.value(SOCKET).orElseGet(() -> Path.of(otherwise)),
        Duration.ofSeconds(given.value(PATIENCE).orElse(DEFAULT_PATIENCE_SECONDS)));
  }

  private static long readPatience(String text) {
    long seconds = Option.readNumber(text);
    if (seconds <= 0 || seconds > Integer.MAX_VALUE) {
      throw new IllegalArgumentException("must be from 1 to 2147483647: " + text);
    }
    return seconds;
  }

  private int failed(CommandFailure failure) {
    printTrace(failure);
    complain(String.valueOf(failure.getMessage()));
    return failure.exitCode();
  }

  private void printTrace(RuntimeException e) {
    if (shell.environment().containsKey(DEBUG_VARIABLE)) {
      e.printStackTrace(shell.err());
    }
  }

  private void complain(String message) {
    shell.out().flush();
    shell.err().println("hearth: " + Plain.text(message));
  }
}
