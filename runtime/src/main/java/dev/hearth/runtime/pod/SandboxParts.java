package dev.hearth.runtime.pod;

import dev.hearth.linux.BlockingCalls;
import dev.hearth.linux.Errno;
import dev.hearth.linux.LinuxException;
import dev.hearth.linux.MountFlag;
import dev.hearth.linux.Mounts;
import dev.hearth.linux.Namespace;
import dev.hearth.linux.UnmountFlag;
import dev.hearth.runtime.cgroup.Cgroup;
import dev.hearth.runtime.cgroup.CgroupException;
import dev.hearth.runtime.cgroup.CgroupPath;
import dev.hearth.runtime.cgroup.Cgroups;
import dev.hearth.runtime.cgroup.Statistics;
import dev.hearth.runtime.model.Layout;
import dev.hearth.runtime.model.NamespaceMode;
import dev.hearth.runtime.model.PodId;
import dev.hearth.runtime.model.PodRecord;
import dev.hearth.runtime.model.PodSpec;
import dev.hearth.runtime.model.UserNamespace;
import dev.hearth.runtime.network.NetworkException;
import dev.hearth.runtime.network.PodNamespaces;
import dev.hearth.runtime.network.PodNetwork;
import dev.hearth.runtime.network.PodNetworkRequest;
import dev.hearth.runtime.spec.Sysctls;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The parts a sandbox consists of on the node: how each is made and how each is taken away. Making
 * a part that is there mends it; taking away one that is not is fine. So a verb that was cut off
 * anywhere can be repeated, and start-up can finish what a killed daemon began.
 */
public final class SandboxParts {
  /** What /dev/shm of a pod may hold; the peers' size. */
  private static final String SHM_OPTIONS = "mode=1777,size=65536k";

  /** For the files in /etc that containers may write to. */
  private static final String ETC_OPTIONS = "mode=0755,size=1024k,nr_inodes=16";

  /** How long the last processes of a pod may take to leave its cgroup. */
  private static final System.Logger LOG = System.getLogger(SandboxParts.class.getName());

  /** For processes that were killed with their container. */
  private static final Duration KNOWN_PROCESSES = Duration.ofSeconds(2);

  private static final Duration LAST_PROCESSES = Duration.ofSeconds(10);

  private final Layout layout;
  private final PodFiles files;
  private final PodNamespaces namespaces;
  private final OwnedNamespaces owned;
  private final PodNetwork network;
  private final Cgroups cgroups;
  private final PauseProcess pause;
  private final BlockingCalls blocking;

  public SandboxParts(
      Layout layout,
      PodFiles files,
      PodNamespaces namespaces,
      OwnedNamespaces owned,
      PodNetwork network,
      Cgroups cgroups,
      PauseProcess pause,
      BlockingCalls blocking) {
    this.layout = layout;
    this.files = files;
    this.namespaces = namespaces;
    this.owned = owned;
    this.network = network;
    this.cgroups = cgroups;
    this.pause = pause;
    this.blocking = blocking;
  }

  void makeFiles(Pod pod) throws IOException {
    mount(PodFiles.etc(layout.pod(pod.id())), ETC_OPTIONS);
    files.write(pod.id(), pod.spec());
  }

  void writeHosts(Pod pod, List<String> addresses) throws IOException {
    files.writeHosts(pod.id(), pod.spec(), addresses);
  }

  void deleteFiles(Pod pod) throws IOException, InterruptedException {
    unmount(PodFiles.etc(layout.pod(pod.id())));
    files.delete(pod.id());
  }

  void makeNamespaces(Pod pod) throws Exception {
    PodSpec spec = pod.spec();
    Path state = layout.pod(pod.id());
    Map<String, String> sysctls = new HashMap<>(Sysctls.defaults(spec));
    if (spec.namespaces().user().isPresent()) {
      // These only the root of the user namespace may set.
      sysctls.putAll(Sysctls.requested(spec, Set.of(Namespace.IPC)));
    }
    PodNamespaces.Request request =
        new PodNamespaces.Request(kinds(spec), spec.hostname(), sysctls);
    if (spec.namespaces().user().isEmpty()) {
      namespaces.create(state, request);
    } else {
      UserNamespace users = spec.namespaces().user().get();
      namespaces.create(
          state,
          request,
          (pins, hostName, settings) -> owned.make(users, pins, hostName, settings));
    }
  }

  /** What the pod has of its own and its containers share. UTS goes with the network. */
  public static Set<Namespace> kinds(PodSpec spec) {
    Set<Namespace> kinds = EnumSet.noneOf(Namespace.class);
    if (!spec.hostNetwork()) {
      kinds.add(Namespace.NETWORK);
      kinds.add(Namespace.UTS);
    }
    if (spec.namespaces().ipc() != NamespaceMode.NODE) {
      kinds.add(Namespace.IPC);
    }
    if (spec.namespaces().user().isPresent()) {
      kinds.add(Namespace.USER);
    }
    return kinds;
  }

  /** Sets what was asked for; there are names that only a connected pod has, of its devices. */
  void setSysctls(Pod pod) throws NetworkException {
    Set<Namespace> kinds = EnumSet.copyOf(kinds(pod.spec()));
    if (kinds.remove(Namespace.USER)) {
      kinds.remove(Namespace.IPC);
    }
    PodNamespaces.configure(layout.pod(pod.id()), kinds, Sysctls.requested(pod.spec(), kinds));
  }

  void dropNamespaces(Pod pod) throws NetworkException {
    namespaces.remove(layout.pod(pod.id()));
  }

  void mountShm(Pod pod) throws IOException {
    if (pod.spec().namespaces().ipc() == NamespaceMode.NODE) {
      return;
    }
    mount(
        PodFiles.shm(layout.pod(pod.id())),
        SHM_OPTIONS
            + PodFiles.owner(pod.spec())
                .map(owner -> ",uid=" + owner.uid() + ",gid=" + owner.gid())
                .orElse(""));
  }

  void unmountShm(Pod pod) throws LinuxException, InterruptedException {
    unmount(PodFiles.shm(layout.pod(pod.id())));
  }

  private static void mount(Path target, String options) throws IOException {
    Files.createDirectories(target);
    Mounts.mount(
        target.getFileName().toString(),
        target,
        "tmpfs",
        EnumSet.of(MountFlag.NO_SUID, MountFlag.NO_DEVICES, MountFlag.NO_EXEC),
        options);
  }

  private void unmount(Path target) throws LinuxException, InterruptedException {
    try {
      blocking.run(() -> Mounts.unmount(target, EnumSet.of(UnmountFlag.DETACH)));
    } catch (LinuxException e) {
      // Not mounted, or never made.
      if (!e.isAnyOf(Errno.EINVAL, Errno.ENOENT)) {
        throw e;
      }
    }
  }

  /** Connects the pod; answers its addresses, the primary one first. */
  List<String> connect(Pod pod) throws NetworkException {
    if (pod.spec().hostNetwork()) {
      return List.of();
    }
    PodSpec spec = pod.spec();
    PodNetworkRequest request =
        new PodNetworkRequest(
            spec.metadata(), spec.ports(), spec.dns(), spec.annotations(), spec.cgroupParent());
    return network.attach(pod.id(), networkPin(pod.id()), request).addresses().stream()
        .map(prefix -> prefix.address().getHostAddress())
        .toList();
  }

  void disconnect(Pod pod) throws NetworkException {
    if (!pod.spec().hostNetwork()) {
      Path pin = networkPin(pod.id());
      network.detach(pod.id(), Files.exists(pin) ? Optional.of(pin) : Optional.empty());
    }
  }

  /**
   * Where a namespace that the pod's containers share is pinned.
   *
   * @param state the pod's state directory
   */
  public static Path pin(Path state, Namespace kind) {
    return PodNamespaces.pin(state, kind);
  }

  /** Where the pod's network namespace is pinned. */
  public Path networkPin(PodId id) {
    return PodNamespaces.pin(layout.pod(id), Namespace.NETWORK);
  }

  void makeCgroup(Pod pod) throws CgroupException, InterruptedException {
    cgroups.makePod(cgroup(pod.id(), pod.spec()));
  }

  void removeCgroup(Pod pod) throws CgroupException, InterruptedException {
    Cgroup group = cgroups.at(cgroup(pod.id(), pod.spec()));
    try {
      group.remove(KNOWN_PROCESSES);
    } catch (CgroupException e) {
      if (e.reason() != CgroupException.Reason.BUSY) {
        throw e;
      }
      // A container whose record could not be read has nobody else who ends it.
      LOG.log(
          System.Logger.Level.WARNING,
          "pod sandbox {0} is stopped, and processes of no known container are left: killed. {1}",
          pod.id(),
          e.getMessage());
      group.kill();
      group.remove(LAST_PROCESSES);
    }
  }

  /** The pod's cgroup, whether it exists or not. */
  public CgroupPath cgroup(PodId id, PodSpec spec) throws CgroupException {
    return cgroups.podPath(spec.cgroupParent(), id);
  }

  /** Pods that share a PID namespace have a process 1 that holds it and reaps. */
  void startPause(Pod pod) throws Exception {
    if (pod.spec().namespaces().pid() == NamespaceMode.POD) {
      startPauseNow(pod);
    }
  }

  private void startPauseNow(Pod pod) throws Exception {
    pause.start(
        pod.id(), cgroup(pod.id(), pod.spec()), kinds(pod.spec()), pod.spec().namespaces().user());
  }

  /**
   * Makes the PID namespace of a pod that was not asked to have one, when the first container wants
   * to share it.
   */
  public void needPause(Pod pod) throws Exception {
    synchronized (pod) {
      // The pin outlives the process, and its namespace takes nobody in any more.
      if (!Files.exists(PauseProcess.pin(layout.pod(pod.id())))
          || !pause.alive(pod.id(), cgroup(pod.id(), pod.spec()))) {
        startPauseNow(pod);
      }
    }
  }

  /** Waits, if the pod has a process 1, until that has ended. */
  void awaitPauseEnd(Pod pod) throws CgroupException, InterruptedException {
    pause.awaitEnd(pod.id(), cgroup(pod.id(), pod.spec()));
  }

  void stopPause(Pod pod) throws Exception {
    pause.stop(pod.id(), cgroup(pod.id(), pod.spec()));
  }

  /** Whether everything that its containers need of a ready pod is still there. */
  public boolean whole(Pod pod) throws NetworkException, CgroupException, InterruptedException {
    return PodNamespaces.present(layout.pod(pod.id())).containsAll(kinds(pod.spec()))
        && (pod.spec().namespaces().pid() != NamespaceMode.POD
            || pause.alive(pod.id(), cgroup(pod.id(), pod.spec())));
  }

  /** The pod's group, if it is there. */
  public Optional<Cgroup> group(PodRecord pod) {
    try {
      return Optional.of(cgroups.at(cgroup(pod.id(), pod.spec()))).filter(Cgroup::exists);
    } catch (CgroupException e) {
      return Optional.empty();
    }
  }

  /** {@link Cgroup#usage} of the pod with all its containers; empty if it has no group. */
  public Optional<Statistics> usage(PodRecord pod) {
    try {
      Cgroup group = cgroups.at(cgroup(pod.id(), pod.spec()));
      return group.exists() ? Optional.of(group.usage()) : Optional.empty();
    } catch (CgroupException e) {
      return Optional.empty();
    }
  }
}
