package dev.hearth.shim;

import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

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

  /**
   * Processes that a program of the host brings back, and leaves behind when it ends. It is started
   * in the container's control groups and in all its namespaces but the PID namespace, which it
   * makes itself; and in a copy of the daemon's mount namespace, where the container's files are
   * attached. Of what {@link ProcessSetup} says only the user counts, whose stdio is; the rest was
   * saved with the processes. Launch plans only.
   *
   * @param program absolute path and arguments
   * @param environment {@code NAME=value} each
   * @param root an existing folder of the host at which the root file system is attached
   * @param exposed paths in the container, and where each can be found by the program
   * @param pidFile in which the program leaves the first process's number, in decimal
   */
  record Restored(
      List<String> program,
      List<String> environment,
      Path root,
      Map<String, Path> exposed,
      Path pidFile)
      implements Body {
    /**
     * The program gets the container's stdin, stdout and stderr as this descriptor and the next.
     */
    public static final int FIRST_STREAM = 10;

    public Restored {
      if (program.isEmpty() || !program.getFirst().startsWith("/")) {
        throw new IllegalArgumentException("no program by its path: " + program);
      }
      program = List.copyOf(program);
      environment = List.copyOf(environment);
      exposed = Collections.unmodifiableMap(new TreeMap<>(exposed));
    }
  }
}
