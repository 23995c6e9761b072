package dev.hearth.runtime.container;

/**
 * Tells a container's shim to open its log anew, after somebody moved the file away. Waits for no
 * lock, so a container that is being stopped does not hold it up.
 */
public final class ReopenContainerLog {
  private final Containers containers;
  private final ContainerProcesses processes;

  public ReopenContainerLog(Containers containers, ContainerProcesses processes) {
    this.containers = containers;
    this.processes = processes;
  }

  /**
   * @param id or a unique prefix of one
   */
  public void reopen(String id) {
    Container container = containers.require(id);
    var _ = container.running();
    processes.reopenLog(container);
  }
}
