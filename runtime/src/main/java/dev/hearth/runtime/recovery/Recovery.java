package dev.hearth.runtime.recovery;

import dev.hearth.linux.LinuxException;
import dev.hearth.runtime.container.Container;
import dev.hearth.runtime.container.ContainerExits;
import dev.hearth.runtime.container.ContainerParts;
import dev.hearth.runtime.container.ContainerProcesses;
import dev.hearth.runtime.container.Containers;
import dev.hearth.runtime.container.RemoveContainer;
import dev.hearth.runtime.model.ContainerRecord;
import dev.hearth.runtime.model.ContainerState;
import dev.hearth.runtime.model.Failpoints;
import dev.hearth.runtime.model.PodId;
import dev.hearth.runtime.model.PodRecord;
import dev.hearth.runtime.model.PodState;
import dev.hearth.runtime.network.NetworkException;
import dev.hearth.runtime.network.PodNetwork;
import dev.hearth.runtime.pod.PauseWatch;
import dev.hearth.runtime.pod.Pod;
import dev.hearth.runtime.pod.Pods;
import dev.hearth.runtime.pod.RemovePodSandbox;
import dev.hearth.runtime.pod.SandboxParts;
import dev.hearth.runtime.pod.StopPodSandbox;
import dev.hearth.runtime.recovery.ObservedContainer.Shim;
import dev.hearth.runtime.snapshot.RootFilesystems;
import dev.hearth.runtime.store.RecordStore;
import dev.hearth.runtime.store.StoreException;
import dev.hearth.shim.ShimException;
import dev.hearth.shim.ShimStatus;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Takes over what a daemon before this one left: reads its records, looks at what is there, decides
 * ({@link Decisions}) and acts. Containers are looked at all at once, then pods; each on a thread
 * of its own, so one that hangs holds up nothing else. Beyond the deadline they go on alone.
 */
public final class Recovery {
  private static final System.Logger LOG = System.getLogger("dev.hearth.recovery");

  /** How long start-up waits for all records of a kind together. */
  private static final Duration DEADLINE = Duration.ofSeconds(10);

  /** How long start-up waits for a shim; it answers within a millisecond, or later. */
  private static final Duration FIRST_ANSWER = Duration.ofMillis(800);

  /** How long it waits for one that it asks again, and leaves it alone before that. */
  private static final Duration LATER_ANSWER = Duration.ofSeconds(5);

  private static final Duration PATIENCE = Duration.ofSeconds(1);

  /** What recovery works on. */
  public record Parts(
      Pods pods,
      Containers containers,
      SandboxParts sandboxes,
      ContainerParts parts,
      ContainerProcesses processes,
      ContainerExits exits,
      PauseWatch pauses,
      StopPodSandbox stopPod,
      RemovePodSandbox removePod,
      RemoveContainer removeContainer,
      PodNetwork network,
      RootFilesystems roots) {}

  private final RecordStore<PodRecord> podStore;
  private final RecordStore<ContainerRecord> containerStore;
  private final Parts parts;
  private final Failpoints failpoints;
  private final InstantSource clock;
  private final Findings findings = new Findings();

  public Recovery(
      RecordStore<PodRecord> podStore,
      RecordStore<ContainerRecord> containerStore,
      Parts parts,
      Failpoints failpoints,
      InstantSource clock) {
    this.podStore = podStore;
    this.containerStore = containerStore;
    this.parts = parts;
    this.failpoints = failpoints;
    this.clock = clock;
  }

  /**
   * Takes everything over. Called once, before any verb.
   *
   * @throws StoreException if the records cannot even be listed
   */
  public RecoveryReport run() throws StoreException, InterruptedException {
    long start = System.nanoTime();
    adoptRecords();
    failpoints.after("Recovery: records");
    forEach(parts.containers().all().stream().toList(), "container", this::recover);
    forEach(parts.pods().all().stream().toList(), "pod sandbox", this::recover);
    reconcileNetwork();
    failpoints.after("Recovery: network");
    removeOrphans();
    failpoints.after("Recovery: snapshots");
    RecoveryReport report = findings.report(Duration.ofNanos(System.nanoTime() - start));
    LOG.log(
        System.Logger.Level.INFO,
        "took over {0} pods and {1} running containers, {2} had ended, {3} set aside, in {4} ms",
        report.adoptedPods().size(),
        report.adoptedContainers().size(),
        report.markedExited().size(),
        report.setAside().size(),
        report.duration().toMillis());
    return report;
  }

  private void adoptRecords() throws StoreException {
    RecordStore.Loaded<PodRecord> pods = podStore.load();
    RecordStore.Loaded<ContainerRecord> containers = containerStore.load();
    pods.records().values().forEach(parts.pods()::adopt);
    containers.records().values().forEach(parts.containers()::adopt);
    pods.setAside().forEach(aside -> findings.setAside("pod record", aside));
    containers.setAside().forEach(aside -> findings.setAside("container record", aside));
    for (String id : findings.podsSetAside()) {
      standIn(new PodId(id));
    }
  }

  private void standIn(PodId id) {
    List<ContainerRecord> containers =
        parts.containers().of(id).stream().map(Container::record).toList();
    PodRecord pod = UnreadablePods.standIn(id, containers, clock.instant());
    parts.pods().adopt(pod);
    try {
      // Where the bad one could not be moved it is found again, and must not be lost.
      if (podStore.namesSetAside().contains(id.value())) {
        podStore.write(id.value(), pod);
      }
    } catch (StoreException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "pod sandbox " + id + " has no record: its containers will be removed at the next start",
          e);
    }
  }

  @FunctionalInterface
  private interface Action<T> {
    void on(T thing) throws Exception;
  }

  private <T> void forEach(List<T> things, String kind, Action<T> action)
      throws InterruptedException {
    CountDownLatch left = new CountDownLatch(things.size());
    for (T thing : things) {
      Thread.ofVirtual()
          .name("recover-" + kind)
          .start(() -> {
            try {
              action.on(thing);
              failpoints.after("Recovery: " + kind);
            } catch (Exception e) {
              LOG.log(System.Logger.Level.WARNING, "a " + kind + " could not be recovered", e);
            } finally {
              left.countDown();
            }
          });
    }
    if (!left.await(DEADLINE.toNanos(), TimeUnit.NANOSECONDS)) {
      LOG.log(
          System.Logger.Level.WARNING,
          "{0} {1}s take their time to be recovered; going on without them",
          left.getCount(),
          kind);
    }
  }

  private void recover(Container container) throws Exception {
    ContainerRecord record = container.record();
    ObservedContainer observed = observe(record, FIRST_ANSWER);
    if (observed.shim() instanceof Shim.Silent silent) {
      findings.setAside("shim", record.id().value(), silent.reason());
    }
    ContainerDecision decision = Decisions.decide(record, observed, clock.instant());
    try {
      carryOut(container, decision);
    } catch (Exception e) {
      findings.setAside("container", record.id().value(), String.valueOf(e.getMessage()));
      throw e;
    }
  }

  private ObservedContainer observe(ContainerRecord record, Duration within)
      throws InterruptedException {
    boolean podPresent = parts.pods().find(record.podId().value()).isPresent();
    Shim shim = new Shim.Absent();
    Optional<ContainerState.Exited> exit = Optional.empty();
    try {
      Optional<ShimStatus> status = parts.processes().status(record.id(), within);
      if (status.isPresent() && status.get().exit().isEmpty()) {
        shim =
            new Shim.Alive(
                new ContainerState.Running(
                    status.get().process().pid(),
                    status.get().process().startTicks(),
                    status.get().startedAt()));
      } else if (status.isEmpty()
          && record.state() instanceof ContainerState.Running running
          && ContainerProcesses.isAlive(running)) {
        shim = new Shim.Silent("nobody listens, but the container's process is there");
      }
    } catch (TimeoutException e) {
      shim = new Shim.Silent("it does not answer; it is asked again");
    } catch (ShimException | LinuxException e) {
      // No answer is not an end: a failure of ours, or a shim of another release.
      shim = new Shim.Silent(String.valueOf(e.getMessage()));
    }
    try {
      exit = parts.processes().recordedExit(record.id());
    } catch (IOException e) {
      shim = new Shim.Silent(String.valueOf(e.getMessage()));
    }
    return new ObservedContainer(shim, exit, podPresent);
  }

  private void carryOut(Container container, ContainerDecision decision) throws Exception {
    switch (decision) {
      case ContainerDecision.Keep _ -> parts.parts().clearProcesses(container.record());
      case ContainerDecision.Adopt adopt -> {
        adopt(container, adopt.running());
        findings.adopted(container.id());
      }
      case ContainerDecision.KeepAsking asking -> adopt(container, asking.running());
      case ContainerDecision.AskLater _ -> askLater(container);
      case ContainerDecision.MarkExited marked -> {
        parts.exits().record(container, marked.exited());
        findings.exited(container.id(), marked.exited());
      }
      case ContainerDecision.ClearStart _ -> clearStart(container);
      case ContainerDecision.Undo undo -> {
        parts.removeContainer().remove(container);
        findings.finished("removed container " + container.id() + ": " + undo.reason());
      }
      case ContainerDecision.FinishRemoval _ -> {
        parts.removeContainer().remove(container);
        findings.finished("finished the removal of container " + container.id());
      }
    }
  }

  private void adopt(Container container, ContainerState.Running running) throws StoreException {
    container.lock().lock();
    try {
      if (container.gone() || container.state() instanceof ContainerState.Removing) {
        return; // somebody was quicker, while its shim was silent
      }
      if (!container.state().equals(running)) {
        container.replace(container.record().with(running));
      }
    } finally {
      container.lock().unlock();
    }
    parts.exits().watch(container);
  }

  private void clearStart(Container container) throws IOException {
    container.lock().lock();
    try {
      if (!container.gone() && container.state() instanceof ContainerState.Created) {
        parts.parts().clearStart(container.record());
      }
    } finally {
      container.lock().unlock();
    }
  }

  /** Asks a silent shim until it says what became of a start, or is gone. */
  private void askLater(Container container) {
    container.doubt(true);
    Thread.ofVirtual()
        .name("settle-" + container.id().value().substring(0, 13))
        .start(() -> {
          try {
            do {
              Thread.sleep(PATIENCE);
            } while (!settled(container));
          } catch (InterruptedException e) {
            // The daemon is stopping; the next one asks again.
            Thread.currentThread().interrupt();
          }
        });
  }

  private boolean settled(Container container) throws InterruptedException {
    ContainerRecord record = container.record();
    if (container.gone() || !(record.state() instanceof ContainerState.Created)) {
      return true;
    }
    ContainerDecision decision =
        Decisions.decide(record, observe(record, LATER_ANSWER), clock.instant());
    if (decision instanceof ContainerDecision.AskLater) {
      return false;
    }
    try {
      carryOut(container, decision);
    } catch (InterruptedException e) {
      throw e;
    } catch (Exception e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "container " + container.id() + " could not be recovered; trying again",
          e);
      return false;
    }
    container.doubt(false);
    LOG.log(
        System.Logger.Level.INFO,
        "the shim of container {0} has answered, or is gone: it is {1}",
        container.id(),
        container.state().getClass().getSimpleName());
    return true;
  }

  private void recover(Pod pod) throws Exception {
    pod.exclusive().lock();
    try {
      boolean whole = pod.ready() && parts.sandboxes().whole(pod);
      switch (Decisions.decide(pod.record(), whole)) {
        case PodDecision.Keep _ -> {
          parts.pauses().watch(pod);
          findings.adopted(pod.id());
        }
        case PodDecision.Leave _ -> {}
        case PodDecision.MarkStopped stopped -> {
          parts.stopPod().stop(pod);
          findings.finished("pod sandbox " + pod.id() + " is not ready: " + stopped.reason());
        }
        case PodDecision.FinishStop _ -> parts.stopPod().stop(pod);
        case PodDecision.Undo _ -> {
          parts.removePod().discard(pod);
          findings.finished("removed pod sandbox " + pod.id() + ": its creation was cut off");
        }
        case PodDecision.FinishRemoval _ -> {
          parts.removePod().remove(pod);
          findings.finished("finished the removal of pod sandbox " + pod.id());
        }
      }
    } catch (Exception e) {
      findings.setAside("pod sandbox", pod.id().value(), String.valueOf(e.getMessage()));
      throw e;
    } finally {
      pod.exclusive().unlock();
    }
  }

  /** Gives back what belongs to no pod that is ready or may be. */
  private void reconcileNetwork() {
    Map<PodId, Path> live = new HashMap<>();
    for (Pod pod : parts.pods().all()) {
      boolean mayBeReady = pod.ready() || pod.state() instanceof PodState.Unreadable;
      if (mayBeReady && !pod.spec().hostNetwork()) {
        live.put(pod.id(), parts.sandboxes().networkPin(pod.id()));
      }
    }
    try {
      parts.network().reconcile(live).forEach(findings::finished);
    } catch (NetworkException e) {
      LOG.log(System.Logger.Level.WARNING, "the pod network could not be reconciled", e);
    }
  }

  /** A container whose record was set aside, now or earlier, may run on. */
  private void removeOrphans() throws StoreException, InterruptedException {
    Set<String> known = new HashSet<>(containerStore.namesSetAside());
    parts.containers().all().forEach(container -> known.add(container.id().value()));
    new Orphans(parts.roots(), parts.parts(), parts.processes(), findings)
        .remove(known, FIRST_ANSWER);
  }
}
