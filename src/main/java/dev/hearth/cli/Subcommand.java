package dev.hearth.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Model.CommandSpec;

/** One command: what it takes, and what it does with that. Its result is an exit code. */
interface Subcommand extends Callable<Integer> {
  CommandSpec spec();

  @Override
  Integer call();
}
