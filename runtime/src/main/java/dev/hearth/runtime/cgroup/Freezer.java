package dev.hearth.runtime.cgroup;

import dev.hearth.runtime.cgroup.CgroupException.Reason;
import java.nio.file.Path;
import java.time.Duration;

/**
 * Stops and resumes all processes of a group: by cgroup.freeze where there is a v2 tree, with
 * controllers or without, which takes microseconds; by the v1 freezer elsewhere. Stateless.
 */
final class Freezer {
  private final CgroupFiles files;
  private final Layout layout;
  private final Ticker ticker;

  Freezer(CgroupFiles files, Layout layout, Ticker ticker) {
    this.files = files;
    this.layout = layout;
    this.ticker = ticker;
  }

  /**
   * Returns once every process stands still.
   *
   * @throws CgroupException TIMED_OUT if one does not within the time; all run on again then
   */
  void freeze(CgroupPath group, Duration timeout) throws CgroupException, InterruptedException {
    order(group, true);
    Patience patience = new Patience(ticker, timeout);
    boolean frozen = isFrozen(group);
    try {
      while (!frozen && patience.wearsOn()) {
        frozen = isFrozen(group);
      }
    } finally {
      if (!frozen) {
        order(group, false);
      }
    }
    if (!frozen) {
      throw new CgroupException(
          Reason.TIMED_OUT,
          "freeze cgroup "
              + group
              + ": a process did not stop within "
              + timeout.toMillis()
              + " ms");
    }
  }

  /** What is absent is as good as thawed. */
  void thaw(CgroupPath group) throws CgroupException {
    try {
      order(group, false);
    } catch (CgroupException e) {
      if (!e.is(Reason.ABSENT)) {
        throw e;
      }
    }
  }

  boolean isFrozen(CgroupPath group) throws CgroupException {
    if (layout.unified().isPresent()) {
      Path events = layout.unified().get().folder(group).resolve("cgroup.events");
      return files.read(events).lines().anyMatch("frozen 1"::equals);
    }
    return files.read(v1State(group)).strip().equals("FROZEN");
  }

  private void order(CgroupPath group, boolean freeze) throws CgroupException {
    if (layout.unified().isPresent()) {
      Path file = layout.unified().get().folder(group).resolve("cgroup.freeze");
      files.write(file, freeze ? "1" : "0");
    } else {
      files.write(v1State(group), freeze ? "FROZEN" : "THAWED");
    }
  }

  Path folder(CgroupPath group) throws CgroupException {
    return layout.unified().isPresent()
        ? layout.unified().get().folder(group)
        : v1State(group).resolveSibling("");
  }

  private Path v1State(CgroupPath group) throws CgroupException {
    Hierarchy freezer =
        layout
            .of(Controller.FREEZER)
            .orElseThrow(() ->
                new CgroupException(
                    Reason.UNSUPPORTED,
                    "cannot freeze cgroup " + group + ": this host has no freezer"));
    return freezer.folder(group).resolve("freezer.state");
  }
}
