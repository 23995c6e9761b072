package dev.hearth.runtime.container;

import dev.hearth.runtime.model.HearthException;
import dev.hearth.shim.ExecPlan;
import dev.hearth.shim.ExecSession;
import dev.hearth.shim.ShimClient;
import dev.hearth.shim.StartFailure;
import dev.hearth.shim.WindowSize;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Starts a command in a container. Its stdio is the caller's, its end the caller's to await. */
public final class BeginExec {
  private static final Duration ANSWER = Duration.ofSeconds(10);

  private final ContainerProcesses processes;
  private final ContainerParts parts;
  private final ContainerPlanner planner;

  public BeginExec(ContainerProcesses processes, ContainerParts parts, ContainerPlanner planner) {
    this.processes = processes;
    this.parts = parts;
    this.planner = planner;
  }

  /**
   * @param terminal its size, if the command is to have one; it takes the place of all streams
   * @return closing it kills a command that still runs
   * @throws HearthException.WrongState if the container is not running
   */
  public ExecSession begin(
      Container container,
      List<String> command,
      Optional<WindowSize> terminal,
      ShimClient.Streams streams) {
    var _ = container.running();
    try {
      ExecPlan plan =
          planner.exec(container.record(), command, terminal, parts.joins(container.record()));
      return processes.shim(container.id()).exec(plan, streams, ANSWER);
    } catch (StartFailure e) {
      throw new HearthException.HostFailure(
          "command could not be run in container " + container.id() + ": " + e.getMessage(), e);
    } catch (Exception e) {
      throw ContainerFailure.of("command could not be run in container " + container.id(), e);
    }
  }
}
