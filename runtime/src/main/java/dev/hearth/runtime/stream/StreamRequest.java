package dev.hearth.runtime.stream;

import dev.hearth.runtime.model.ContainerId;
import dev.hearth.runtime.model.PodId;
import java.util.List;

/** What a token stands for until its client connects. */
sealed interface StreamRequest {
  /** What it is called in the path of its address. */
  default String pathName() {
    return switch (this) {
      case Exec _ -> "exec";
      case Attach _ -> "attach";
      case PortForward _ -> "portforward";
    };
  }

  /** What has stdio. */
  sealed interface Command extends StreamRequest {
    ContainerId container();

    StdioRequest stdio();
  }

  /** Runs a command. */
  record Exec(ContainerId container, List<String> command, StdioRequest stdio) implements Command {
    public Exec {
      command = List.copyOf(command);
    }
  }

  /** Attaches to a container. */
  record Attach(ContainerId container, StdioRequest stdio) implements Command {}

  /**
   * Forwards connections to a pod.
   *
   * @param ports named beforehand, for clients whose protocol cannot name them later
   */
  record PortForward(PodId pod, List<Integer> ports) implements StreamRequest {
    public PortForward {
      ports = List.copyOf(ports);
    }
  }
}
