package dev.hearth.cli;

/** One command: what it takes, and what it does with that. */
interface Subcommand {
  Usage usage();

  /**
   * @return an exit code, as a rule one of {@link ExitCode}
   * @throws CommandFailure which becomes a line on standard error and an exit code
   */
  int run(Given given, Session session);
}
