package dev.hearth.runtime.pod;

import dev.hearth.runtime.event.ContainerEvent;
import dev.hearth.runtime.event.ContainerEvents;
import dev.hearth.runtime.model.Failpoints;
import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.model.NodePlugins;
import dev.hearth.runtime.model.PodId;
import dev.hearth.runtime.model.PodRecord;
import dev.hearth.runtime.model.PodSpec;
import dev.hearth.runtime.model.PodState;
import dev.hearth.runtime.model.RandomIds;
import dev.hearth.runtime.model.Steps;
import dev.hearth.runtime.model.UserNamespace;
import dev.hearth.runtime.spec.Sysctls;
import dev.hearth.runtime.store.StoreException;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Makes a pod sandbox.
 *
 * <p>A repeat of a request that is still under way waits for it; a repeat of one that is done
 * answers the same id. So a caller whose deadline ran out simply asks again.
 */
public final class RunPodSandbox {
  private final Pods pods;
  private final SandboxParts parts;
  private final NodePlugins plugins;
  private final ContainerEvents events;
  private final RandomIds ids;
  private final InstantSource clock;
  private final Failpoints failpoints;
  private final PauseWatch watch;
  private final RuntimeHandlers handlers;

  public RunPodSandbox(
      Pods pods,
      SandboxParts parts,
      NodePlugins plugins,
      ContainerEvents events,
      RandomIds ids,
      InstantSource clock,
      Failpoints failpoints,
      PauseWatch watch,
      RuntimeHandlers handlers) {
    this.pods = pods;
    this.parts = parts;
    this.plugins = plugins;
    this.events = events;
    this.ids = ids;
    this.clock = clock;
    this.failpoints = failpoints;
    this.watch = watch;
    this.handlers = handlers;
  }

  /**
   * Makes the sandbox, or answers the one there is.
   *
   * @throws HearthException.InvalidRequest for an unknown runtime handler, or a sysctl that is not
   *     the pod's
   * @throws HearthException.Unsupported for a user namespace where this node has none to give
   * @throws HearthException.LimitReached if the handler has no ids left for one
   * @throws HearthException.WrongState if a sandbox of the same metadata exists that is not ready
   *     or was asked for with another configuration
   */
  public PodId run(PodSpec spec) {
    RuntimeHandlers.Handler handler = handlers.require(spec.runtimeHandler());
    if (!handler.userNamespaces() && needsUsers(spec, handler)) {
      throw new HearthException.Unsupported(
          "pod sandbox of "
              + spec.metadata()
              + " is to have a user namespace, and this node's kernel or the file system of its"
              + " images cannot map ids");
    }
    // Refused before anything is made.
    var _ = Sysctls.requested(spec);
    while (true) {
      Pod pod = pods.claim(spec, ids::pod, clock.instant());
      pod.exclusive().lock();
      try {
        if (!pod.gone()) {
          return pod.recorded() ? existing(pod, spec) : make(pod, handler);
        }
        // The one we waited for failed or was removed: ask for another.
      } finally {
        pod.exclusive().unlock();
      }
    }
  }

  private static boolean needsUsers(PodSpec spec, RuntimeHandlers.Handler handler) {
    return spec.namespaces().user().isPresent()
        || switch (handler.way()) {
          case RuntimeHandlers.Way.Plain _ -> false;
          case RuntimeHandlers.Way.OwnUsers _ -> true;
        };
  }

  private static PodId existing(Pod pod, PodSpec spec) {
    if (!pod.ready()) {
      throw new HearthException.WrongState(
          "pod sandbox "
              + pod.id()
              + " of "
              + spec.metadata()
              + " exists and is not ready: remove it, or ask for the next attempt");
    }
    if (!pod.spec().equals(pod.record().completed(spec))) {
      throw new HearthException.WrongState(
          "pod sandbox "
              + pod.id()
              + " of "
              + spec.metadata()
              + " exists with another configuration: remove it, or ask for the next attempt");
    }
    return pod.id();
  }

  private PodId make(Pod pod, RuntimeHandlers.Handler handler) {
    try (NodePlugins.Turn turn = plugins.begin()) {
      return make(pod, handler, turn);
    } finally {
      ranges().forEach(ranges -> ranges.settle(pod.id()));
    }
  }

  /** The pod as its handler has it. */
  private PodRecord intent(Pod pod, RuntimeHandlers.Handler handler) {
    PodRecord asked = pod.record();
    Optional<UserNamespace> own = asked.spec().namespaces().user();
    if (own.isPresent()) {
      // No other pod may be given them, though this one is in no list yet.
      ranges().forEach(ranges -> ranges.hold(pod.id(), own.get()));
      return asked;
    }
    return switch (handler.way()) {
      case RuntimeHandlers.Way.Plain _ -> asked;
      case RuntimeHandlers.Way.OwnUsers way ->
          asked.with(
              way.ranges()
                  .take(
                      pod.id(),
                      () ->
                          pods.all().stream()
                              .flatMap(other -> other.spec().namespaces().user().stream())));
    };
  }

  /** Of all handlers that choose ids. */
  private Stream<UserRanges> ranges() {
    return handlers.all().stream()
        .flatMap(handler ->
            switch (handler.way()) {
              case RuntimeHandlers.Way.Plain _ -> Stream.empty();
              case RuntimeHandlers.Way.OwnUsers way -> Stream.of(way.ranges());
            });
  }

  private PodId make(Pod pod, RuntimeHandlers.Handler handler, NodePlugins.Turn turn) {
    Steps steps = new Steps(failpoints, "RunPodSandbox");
    try {
      // A parent that cannot be is refused before anything is recorded.
      var _ = parts.cgroup(pod.id(), pod.spec());
      steps.run(
          "record intent", () -> pod.replace(intent(pod, handler).with(new PodState.Creating())));
      steps.run("files", () -> parts.makeFiles(pod), () -> parts.deleteFiles(pod));
      steps.run("namespaces", () -> parts.makeNamespaces(pod), () -> parts.dropNamespaces(pod));
      steps.run("shm", () -> parts.mountShm(pod), () -> parts.unmountShm(pod));
      List<String> addresses =
          steps.make("network", () -> parts.connect(pod), () -> parts.disconnect(pod));
      if (!pod.spec().sysctls().isEmpty()) {
        steps.run("sysctls", () -> parts.setSysctls(pod));
      }
      steps.run("hosts file", () -> parts.writeHosts(pod, addresses));
      steps.run("cgroup", () -> parts.makeCgroup(pod), () -> parts.removeCgroup(pod));
      steps.run("pause", () -> parts.startPause(pod), () -> parts.stopPause(pod));
      PodRecord ready = pod.record().with(new PodState.Ready(addresses));
      steps.run("plugins", () -> turn.admit(ready), () -> withdraw(ready));
      steps.run("record ready", () -> pod.replace(ready));
    } catch (Exception e) {
      throw giveUp(pod, steps, e);
    }
    pods.publish(pod);
    watch.watch(pod);
    events.publish(ContainerEvent.Kind.CREATED, pod.record());
    events.publish(ContainerEvent.Kind.STARTED, pod.record());
    return pod.id();
  }

  /** Those plugins that admitted it give back what they set aside for it. */
  private void withdraw(PodRecord pod) {
    plugins.podStopped(pod);
    plugins.podRemoved(pod);
  }

  /**
   * Undoes everything. What cannot be undone stays visible as a sandbox that is not ready, so that
   * Stop and Remove can finish it.
   */
  private HearthException giveUp(Pod pod, Steps steps, Exception cause) {
    HearthException failure =
        PodFailure.of("pod sandbox of " + pod.spec().metadata() + " could not be made", cause);
    steps.undo(failure);
    try {
      if (failure.getSuppressed().length == 0) {
        pod.forget();
        pods.withdraw(pod);
        return failure;
      }
      pod.settle(pod.record().with(new PodState.Stopped()));
    } catch (StoreException e) {
      failure.addSuppressed(e);
    }
    pods.publish(pod);
    return failure;
  }
}
