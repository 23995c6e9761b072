package dev.hearth.bench;

import dev.hearth.testing.Cri;
import dev.hearth.testing.DaemonHome;
import dev.hearth.testing.HearthDaemon;
import dev.hearth.testing.Leftovers;
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
  public String cgroupParent() {
    return daemon.home().cgroupParent();
  }

  @Override
  public long daemonPid() {
    return daemon.pid();
  }

  @Override
  public List<Long> companions() {
    Path shim = HearthDaemon.tree().resolve("libexec/hearth-shim");
    return Processes.running(shim).toList();
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
