package dev.hearth.runtime.container;

import dev.hearth.linux.Errno;
import dev.hearth.linux.Fd;
import dev.hearth.linux.LinuxException;
import dev.hearth.linux.Poller;
import dev.hearth.linux.ProcessIdentity;
import dev.hearth.linux.Processes;
import dev.hearth.linux.Signals;
import dev.hearth.runtime.cgroup.Seat;
import dev.hearth.runtime.checkpoint.Checkpoints;
import dev.hearth.runtime.model.ContainerId;
import dev.hearth.runtime.model.ContainerRecord;
import dev.hearth.runtime.model.ContainerState;
import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.model.Layout;
import dev.hearth.runtime.model.PodRecord;
import dev.hearth.shim.Body;
import dev.hearth.shim.ContainerExit;
import dev.hearth.shim.ExitRecord;
import dev.hearth.shim.ExitWatch;
import dev.hearth.shim.ShimClient;
import dev.hearth.shim.ShimException;
import dev.hearth.shim.ShimLauncher;
import dev.hearth.shim.ShimRefusal;
import dev.hearth.shim.ShimStatus;
import dev.hearth.shim.ShimUnreachable;
import dev.hearth.shim.StartFailure;
import dev.hearth.shim.StartWarning;
import dev.hearth.shim.StartedContainer;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.TimeoutException;

/**
 * The processes of containers, reached through their shims. Every wait has a deadline; what a dead
 * or silent shim makes impossible is done to the process itself.
 */
public final class ContainerProcesses {
  private static final System.Logger LOG = System.getLogger("dev.hearth.container");

  /** How long a launch may take: mounts of a container may be of slow file systems. */
  private static final Duration LAUNCH = Duration.ofSeconds(60);

  private static final Duration ANSWER = Duration.ofSeconds(5);

  /** How long to leave a silent shim alone before it is asked again. */
  private static final Duration PATIENCE = Duration.ofSeconds(1);

  /** How long to leave a shim alone that is about to end. */
  private static final Duration SHIM_ENDING = Duration.ofMillis(5);

  /** How often in a row nobody listens before a shim whose container lives is taken for dead. */
  private static final int UNREACHABLE = 3;

  private static final Duration FOR_EVER = Duration.ofDays(365);

  /** Exit code of a container whose end nobody saw; the peers' number. */
  private static final int UNKNOWN_EXIT_CODE = 255;

  private final Layout layout;
  private final ShimLauncher launcher;
  private final Poller poller;
  private final ContainerPlanner planner;
  private final Checkpoints checkpoints;
  private final InstantSource clock;

  public ContainerProcesses(
      Layout layout,
      ShimLauncher launcher,
      Poller poller,
      ContainerPlanner planner,
      Checkpoints checkpoints,
      InstantSource clock) {
    this.layout = layout;
    this.launcher = launcher;
    this.poller = poller;
    this.planner = planner;
    this.checkpoints = checkpoints;
    this.clock = clock;
  }

  /** Where a container's shim listens. */
  static Path control(Path container) {
    return container.resolve("shim.sock");
  }

  /** Where a container's shim records the end. */
  static Path exitRecord(Path container) {
    return container.resolve("exit");
  }

  ShimClient shim(ContainerId id) {
    return new ShimClient(control(layout.container(id)), poller);
  }

  ContainerState.Running launch(PodRecord pod, ContainerRecord container, Seat seat, Fd root)
      throws ShimException, IOException, TimeoutException, InterruptedException {
    Path state = layout.container(container.id());
    Optional<Body.Restored> restored =
        checkpoints.restoration(container.id(), state, ContainerParts.rootMountPoint(state));
    StartedContainer started;
    try (ContainerPlanner.Prepared prepared =
        planner.launch(pod, container, seat, root, restored)) {
      started = launcher.launch(prepared.plan(), LAUNCH);
    } catch (StartFailure e) {
      if (restored.isPresent()) {
        throw checkpoints.failure(container.id(), e);
      }
      throw e;
    }
    for (StartWarning warning : started.warnings()) {
      LOG.log(
          System.Logger.Level.WARNING,
          "container {0}: {1}",
          container.id().value().substring(0, 13),
          warning);
    }
    return running(started.process(), started.startedAt());
  }

  private static ContainerState.Running running(ProcessIdentity process, Instant startedAt) {
    return new ContainerState.Running(process.pid(), process.startTicks(), startedAt);
  }

  /** Sends a signal to the container's first process; one that has ended is fine. */
  void signal(Container container, int signal) throws InterruptedException {
    try {
      shim(container.id()).signal(signal, ANSWER);
    } catch (ShimRefusal e) {
      if (!e.is(Errno.ESRCH)) {
        throw failure(container, "signalled", e);
      }
    } catch (ShimException | LinuxException | TimeoutException e) {
      signalDirectly(container, signal);
    }
  }

  /** Ends the container's first process, and with it its PID namespace if it has its own. */
  void kill(Container container) throws InterruptedException {
    signalDirectly(container, Signals.KILL);
  }

  /** Waits until the shim of a container that was killed has ended too, or gives it up. */
  void awaitShimEnd(Container container) throws InterruptedException {
    long end = System.nanoTime() + ANSWER.toNanos();
    while (System.nanoTime() < end) {
      try {
        shim(container.id()).status(ANSWER);
      } catch (ShimUnreachable e) {
        return;
      } catch (ShimException | LinuxException | TimeoutException e) {
        // Stopped, or starved: try again.
      }
      Thread.sleep(SHIM_ENDING);
    }
    LOG.log(System.Logger.Level.WARNING, "the shim of container {0} does not end", container.id());
  }

  private void signalDirectly(Container container, int signal) throws InterruptedException {
    Optional<ProcessIdentity> process = process(container);
    if (process.isEmpty()) {
      return;
    }
    try (Fd pidfd = process.get().open()) {
      Processes.signal(pidfd, signal);
    } catch (LinuxException e) {
      if (!e.is(Errno.ESRCH)) {
        throw failure(container, "signalled", e);
      }
    }
  }

  /** Its first process: recorded, or after a launch that was not recorded as its shim says. */
  private Optional<ProcessIdentity> process(Container container) throws InterruptedException {
    if (container.state() instanceof ContainerState.Running running) {
      return Optional.of(new ProcessIdentity(running.pid(), running.pidStart()));
    }
    try {
      return Optional.of(shim(container.id()).status(ANSWER).process());
    } catch (ShimException | LinuxException | TimeoutException e) {
      return Optional.empty();
    }
  }

  void reopenLog(Container container) {
    try {
      shim(container.id()).reopenLog(ANSWER);
    } catch (ShimUnreachable e) {
      // It has just ended: there is no log to go on with.
    } catch (ShimException | LinuxException | TimeoutException | InterruptedException e) {
      throw ContainerFailure.of(
          "the log of container " + container.id() + " could not be reopened", e);
    }
  }

  /**
   * What a shim says of its container, for start-up. Empty if nobody listens.
   *
   * @throws ShimException if somebody listens who cannot or will not say
   */
  public Optional<ShimStatus> status(ContainerId id, Duration within)
      throws ShimException, LinuxException, TimeoutException, InterruptedException {
    try {
      return Optional.of(shim(id).status(within));
    } catch (ShimUnreachable e) {
      return Optional.empty();
    }
  }

  /** Whether the first process of a container that is recorded to run is still there. */
  public static boolean isAlive(ContainerState.Running running) throws LinuxException {
    return new ProcessIdentity(running.pid(), running.pidStart()).isAlive();
  }

  /** The end that its shim recorded, if it did. */
  public Optional<ContainerState.Exited> recordedExit(ContainerId id) throws IOException {
    return ExitRecord.read(exitRecord(layout.container(id)))
        .map(record -> exited(Optional.of(record.startedAt()), record.exit()));
  }

  private static ContainerState.Exited exited(Optional<Instant> startedAt, ContainerExit exit) {
    int code = exit.shellCode();
    // As with the peers also where it was not the first process, and that one ended well.
    boolean oom = exit.oomKills() > 0;
    String reason = oom ? "OOMKilled" : code == 0 ? "Completed" : "Error";
    return new ContainerState.Exited(startedAt, exit.finishedAt(), code, reason, "");
  }

  /** Waits for the end of a container that runs, for as long as it takes. */
  ContainerState.Exited awaitEnd(Container container) throws InterruptedException {
    Optional<Instant> startedAt =
        container.state() instanceof ContainerState.Running running
            ? Optional.of(running.startedAt())
            : Optional.empty();
    boolean silent = false;
    int unreachable = 0;
    while (true) {
      try (ExitWatch watch = shim(container.id()).subscribe(ANSWER)) {
        unreachable = 0;
        if (silent) {
          silent = false;
          LOG.log(
              System.Logger.Level.INFO, "the shim of container {0} answers again", container.id());
        }
        return exited(startedAt, watch.await(FOR_EVER));
      } catch (ShimUnreachable e) {
        // Once may be a mishap; what is no mishap stays so.
        unreachable++;
        if (unreachable >= UNREACHABLE || !maybeAlive(container)) {
          return endWithoutShim(container, startedAt);
        }
      } catch (TimeoutException e) {
        if (!silent) {
          silent = true;
          LOG.log(
              System.Logger.Level.WARNING,
              "the shim of container {0} does not answer; it is asked until it does",
              container.id());
        }
      } catch (ShimException | LinuxException e) {
        LOG.log(
            System.Logger.Level.WARNING,
            "the end of container " + container.id() + " cannot be awaited; trying again",
            e);
      }
      Thread.sleep(PATIENCE);
    }
  }

  private static boolean maybeAlive(Container container) {
    try {
      return container.state() instanceof ContainerState.Running running && isAlive(running);
    } catch (LinuxException e) {
      return true;
    }
  }

  /** The shim is gone: it left an exit record, or it was killed and so is what it looked after. */
  private ContainerState.Exited endWithoutShim(Container container, Optional<Instant> startedAt)
      throws InterruptedException {
    try {
      Optional<ContainerState.Exited> recorded = recordedExit(container.id());
      if (recorded.isPresent()) {
        return recorded.get();
      }
    } catch (IOException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "the exit record of container " + container.id() + " is of no use",
          e);
    }
    kill(container);
    return new ContainerState.Exited(
        startedAt,
        clock.instant(),
        UNKNOWN_EXIT_CODE,
        "Unknown",
        "its shim died and left no exit record; what it looked after was killed");
  }

  private static HearthException failure(Container container, String what, Exception cause) {
    return ContainerFailure.of("container " + container.id() + " could not be " + what, cause);
  }
}
