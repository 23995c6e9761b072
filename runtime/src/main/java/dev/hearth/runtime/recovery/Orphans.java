package dev.hearth.runtime.recovery;

import dev.hearth.linux.LinuxException;
import dev.hearth.runtime.container.ContainerParts;
import dev.hearth.runtime.container.ContainerProcesses;
import dev.hearth.runtime.model.ContainerId;
import dev.hearth.runtime.snapshot.RootFilesystems;
import dev.hearth.shim.ShimException;
import java.io.IOException;
import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeoutException;

/** What containers left of which no record tells. */
final class Orphans {
  private static final System.Logger LOG = System.getLogger(Orphans.class.getName());

  private final RootFilesystems roots;
  private final ContainerParts parts;
  private final ContainerProcesses processes;
  private final Findings findings;

  Orphans(
      RootFilesystems roots,
      ContainerParts parts,
      ContainerProcesses processes,
      Findings findings) {
    this.roots = roots;
    this.parts = parts;
    this.processes = processes;
    this.findings = findings;
  }

  /**
   * Removes root file systems, sockets and exit records. Where a shim lives, or may live, all is
   * left as it is: ending what nobody knows is the operator's to decide.
   *
   * @param known ids of containers that have a record, be it one that was set aside
   * @param within how long a shim may take to answer
   */
  void remove(Set<String> known, Duration within) throws InterruptedException {
    Set<ContainerId> found = new TreeSet<>(roots.list());
    found.addAll(parts.stateFolders());
    for (ContainerId id : found) {
      if (known.contains(id.value())) {
        continue;
      }
      try {
        if (processes.status(id, within).isPresent()) {
          findings.setAside("shim", id.value(), "it runs, and no record tells of its container");
          continue;
        }
        roots.remove(id);
        parts.deleteState(id);
        findings.finished("removed what was left of container " + id + ", which nobody records");
      } catch (TimeoutException | ShimException | LinuxException e) {
        findings.setAside("shim", id.value(), "no record, and no answer: " + e.getMessage());
      } catch (IOException e) {
        LOG.log(System.Logger.Level.WARNING, "container " + id + ", which nobody records", e);
      }
    }
  }
}
