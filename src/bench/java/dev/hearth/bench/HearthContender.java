package dev.hearth.bench;

import dev.hearth.proto.cri.v1.ContainerState;
import dev.hearth.proto.cri.v1.ListContainersRequest;
import dev.hearth.testing.Cri;
import dev.hearth.testing.DaemonHome;
import dev.hearth.testing.HearthDaemon;
import dev.hearth.testing.Leftovers;
import dev.hearth.testing.Pods;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Hearth with its built-in network. */
final class HearthContender implements CriContender {
  private final HearthDaemon daemon;

  HearthContender(DaemonHome home) throws IOException {
    daemon = HearthDaemon.start(home);
  }

  @Override
  public String name() {
    return Report.HEARTH;
  }

  @Override
  public String handler() {
    return "";
  }

  @Override
  public Cri cri() {
    return daemon.cri();
  }

  @Override
  public Path socket() {
    return daemon.home().socket();
  }

  @Override
  public String cgroupParent() {
    return daemon.home().cgroupParent();
  }

  @Override
  public long daemonPid() {
    return daemon.pid();
  }

  /**
   * Shims: the parents of containers, as the daemon knows these. A shim runs from a sealed memory
   * file, so it is not to be found by its program's path.
   */
  @Override
  public List<Long> companions() {
    return cri()
        .runtime()
        .listContainers(ListContainersRequest.getDefaultInstance())
        .getContainersList()
        .stream()
        .filter(container -> container.getState() == ContainerState.CONTAINER_RUNNING)
        .map(container -> Processes.parent(Pods.pid(cri(), container.getId())))
        .toList();
  }

  @Override
  public void kill() {
    daemon.kill();
  }

  @Override
  public void startAgain() throws IOException {
    daemon.startAgain();
  }

  @Override
  public void close() throws IOException {
    daemon.close();
    Leftovers.sweep(daemon.home());
  }
}
