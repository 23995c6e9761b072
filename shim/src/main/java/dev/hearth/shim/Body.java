package dev.hearth.shim;

import java.util.List;

/** What a container's first process, or an exec's, becomes. */
public sealed interface Body {
  /**
   * A program of the container's.
   *
   * @param arguments all of them, the program first: a path, or a name to be searched for
   * @param environment {@code NAME=value} each
   * @param searchPath folders to search, as PATH has them
   */
  record Program(List<String> arguments, List<String> environment, String searchPath)
      implements Body {
    public Program {
      if (arguments.isEmpty()) {
        throw new IllegalArgumentException("no program");
      }
      arguments = List.copyOf(arguments);
      environment = List.copyOf(environment);
    }
  }

  /**
   * Process 1 of a PID namespace others share: reaps orphans, ends on SIGTERM and SIGINT. Needs no
   * program in the root file system. Launch plans only.
   */
  record Pause() implements Body {}
}
