package dev.hearth.runtime.pod;

import dev.hearth.linux.Fd;
import dev.hearth.linux.LinuxException;
import dev.hearth.linux.Namespace;
import dev.hearth.linux.Namespaces;
import dev.hearth.linux.Poller;
import dev.hearth.runtime.cgroup.Cgroup;
import dev.hearth.runtime.cgroup.CgroupException;
import dev.hearth.runtime.cgroup.CgroupPath;
import dev.hearth.runtime.cgroup.Cgroups;
import dev.hearth.runtime.cgroup.Join;
import dev.hearth.runtime.cgroup.Limits;
import dev.hearth.runtime.cgroup.Seat;
import dev.hearth.runtime.model.Layout;
import dev.hearth.runtime.model.PodId;
import dev.hearth.runtime.model.UserNamespace;
import dev.hearth.runtime.network.PodNamespaces;
import dev.hearth.runtime.spec.UserMaps;
import dev.hearth.shim.Body;
import dev.hearth.shim.CgroupJoins;
import dev.hearth.shim.ExitWatch;
import dev.hearth.shim.FileTree;
import dev.hearth.shim.LaunchPlan;
import dev.hearth.shim.MountSource;
import dev.hearth.shim.NamespaceSetup;
import dev.hearth.shim.ProcessSetup;
import dev.hearth.shim.RootFileSystem;
import dev.hearth.shim.ShimClient;
import dev.hearth.shim.ShimException;
import dev.hearth.shim.ShimLauncher;
import dev.hearth.shim.ShimUnreachable;
import dev.hearth.shim.StartedContainer;
import dev.hearth.shim.Stdio;
import dev.hearth.shim.Supervision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.TimeoutException;

/**
 * Process 1 of a pod whose containers share a PID namespace: the shim's own program, in an empty
 * root file system, so no image is needed. The namespace is pinned in the pod's state directory.
 */
public final class PauseProcess {
  private static final Duration START = Duration.ofSeconds(20);
  private static final Duration ANSWER = Duration.ofSeconds(3);
  private static final Duration FOR_EVER = Duration.ofDays(365);

  /** How long to leave its shim alone before it is asked again. */
  private static final Duration PATIENCE = Duration.ofMillis(200);

  private static final Duration END = Duration.ofSeconds(10);

  private final Layout layout;
  private final ShimLauncher launcher;
  private final Poller poller;
  private final Cgroups cgroups;

  public PauseProcess(Layout layout, ShimLauncher launcher, Poller poller, Cgroups cgroups) {
    this.layout = layout;
    this.launcher = launcher;
    this.poller = poller;
    this.cgroups = cgroups;
  }

  /** Where the PID namespace that a pod's containers share is pinned. */
  public static Path pin(Path pod) {
    return folder(pod).resolve("pid");
  }

  private static Path folder(Path pod) {
    return pod.resolve("pause");
  }

  /**
   * @param podNamespaces what the pod has of its own, pinned
   * @param users its user namespace, if that is among them
   */
  void start(
      PodId id, CgroupPath podGroup, Set<Namespace> podNamespaces, Optional<UserNamespace> users)
      throws ShimException, IOException, CgroupException, TimeoutException, InterruptedException {
    stop(id, podGroup);
    Path pod = layout.pod(id);
    Path folder = folder(pod);
    Path root = folder.resolve("root");
    Files.createDirectories(root);
    Map<Namespace, Path> joined = new EnumMap<>(Namespace.class);
    podNamespaces.forEach(kind -> joined.put(kind, PodNamespaces.pin(pod, kind)));
    NamespaceSetup namespaces =
        new NamespaceSetup(
            EnumSet.of(Namespace.MOUNT, Namespace.PID),
            joined,
            users.map(UserMaps::of),
            Optional.empty(),
            Map.of());
    StartedContainer started;
    try (Seat seat = cgroups.seat(cgroups.pausePath(podGroup), Limits.NONE)) {
      started = launcher.launch(plan(pod, namespaces, seat), START);
    }
    Path namespace = Path.of("/proc", Integer.toString(started.process().pid()), "ns", "pid");
    try (Fd fd = Namespaces.open(namespace)) {
      Namespaces.pin(fd, pin(pod));
    }
  }

  private static LaunchPlan plan(Path pod, NamespaceSetup namespaces, Seat seat) {
    Supervision supervision =
        new Supervision(
            control(pod),
            folder(pod).resolve("exit"),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Supervision.DEFAULT_DRAIN,
            joins(seat.shim()),
            OptionalInt.empty());
    return new LaunchPlan(
        supervision,
        new Stdio.Nothing(),
        joins(seat.group().join()),
        namespaces,
        FileTree.of(
            RootFileSystem.of(new MountSource.FileSystem("tmpfs", java.util.List.of(), Set.of()))
                .asReadOnly(),
            java.util.List.of()),
        ProcessSetup.of(new Body.Pause()));
  }

  /** How a process enters a cgroup, in the shim's terms. */
  public static CgroupJoins joins(Join join) {
    return new CgroupJoins(join.tasks(), join.unified());
  }

  void stop(PodId id, CgroupPath podGroup)
      throws CgroupException, LinuxException, InterruptedException {
    Cgroup group = cgroups.at(cgroups.pausePath(podGroup));
    group.kill();
    group.remove(END);
    Path pin = pin(layout.pod(id));
    if (Files.exists(pin)) {
      Namespaces.unpin(pin);
    }
  }

  private static Path control(Path pod) {
    return folder(pod).resolve("shim.sock");
  }

  /** Waits until it has ended, for as long as that takes. */
  void awaitEnd(PodId id, CgroupPath podGroup) throws InterruptedException {
    while (alive(id, podGroup)) {
      try (ExitWatch watch = new ShimClient(control(layout.pod(id)), poller).subscribe(ANSWER)) {
        var _ = watch.await(FOR_EVER);
      } catch (ShimException | LinuxException | TimeoutException e) {
        // Asked again; whether it runs does not hang on its shim.
      }
      Thread.sleep(PATIENCE);
    }
  }

  /** Whether it runs, as far as can be told: its namespace is what counts, not its shim. */
  boolean alive(PodId id, CgroupPath podGroup) throws InterruptedException {
    try {
      return new ShimClient(control(layout.pod(id)), poller).status(ANSWER).exit().isEmpty();
    } catch (ShimUnreachable e) {
      return !isEmpty(cgroups.at(cgroups.pausePath(podGroup)));
    } catch (ShimException | LinuxException | TimeoutException e) {
      // Stopped, starved, of another release or not to be asked: no reason to end a pod.
      return true;
    }
  }

  private static boolean isEmpty(Cgroup group) {
    try {
      return group.pids().isEmpty();
    } catch (CgroupException e) {
      return false;
    }
  }
}
