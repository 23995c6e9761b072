package dev.hearth.shim;

import dev.hearth.linux.Child;
import dev.hearth.linux.Descriptors;
import dev.hearth.linux.Errno;
import dev.hearth.linux.Fd;
import dev.hearth.linux.LinuxException;
import dev.hearth.linux.Opens;
import dev.hearth.linux.Poller;
import dev.hearth.linux.ProcessIdentity;
import dev.hearth.linux.Processes;
import dev.hearth.linux.Signals;
import dev.hearth.linux.Spawn;
import dev.hearth.linux.UnixSockets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeoutException;

/**
 * Runs the shim's program with a plan, and listens to what it reports.
 *
 * @param program a copy that nobody can write to
 */
record ShimRun(Poller poller, Fd program) {
  private static final int PLAN_FD = 3;
  private static final int REPORT_FD = 4;

  /** How long the first process may take to end once it was told, or has told, everything. */
  private static final Duration LAST_MOMENT = Duration.ofSeconds(5);

  /** Runs a launch. */
  StartedContainer launch(Plan plan, Duration timeout)
      throws ShimException, LinuxException, TimeoutException, InterruptedException {
    List<StartWarning> warnings = new ArrayList<>();
    for (Report report : run(plan, timeout)) {
      switch (report.kind()) {
        case Report.WARNING -> warnings.add(StartWarning.of(plan, report));
        case Report.STARTED -> {
          return new StartedContainer(
              new ProcessIdentity(report.pid(), report.startTicks()),
              report.step(),
              Times.instant(report.at()),
              warnings);
        }
        default -> {}
      }
    }
    throw new ShimUnreachable("the shim ended without a word");
  }

  /** All reports of a start that has not failed. */
  List<Report> run(Plan plan, Duration timeout)
      throws ShimException, LinuxException, TimeoutException, InterruptedException {
    try (UnixSockets.Pair report = UnixSockets.pair(UnixSockets.Kind.STREAM)) {
      Fd ours = report.first();
      Descriptors.setNonBlocking(ours, true);
      try (Child child = start(plan, report.second())) {
        report.second().close();
        try {
          return listen(new Reports(plan, ours), Deadline.in(timeout));
        } finally {
          reap(child);
        }
      }
    }
  }

  /**
   * Whoever gives up may be too late: a container reported as started in the last moment runs, and
   * its shim looks no longer at who has started it.
   */
  private List<Report> listen(Reports reports, Deadline deadline)
      throws ShimException, LinuxException, TimeoutException, InterruptedException {
    try {
      reports.await(poller, deadline);
    } catch (TimeoutException e) {
      callOff(reports);
      if (reports.started().isEmpty()) {
        throw e;
      }
    } catch (InterruptedException e) {
      callOff(reports);
      if (reports.started().isPresent()) {
        end(reports.started().get());
      }
      throw e;
    }
    return reports.all();
  }

  /** Has the shim undo what it has begun, and waits for that if it does not take too long. */
  private void callOff(Reports reports) throws LinuxException {
    UnixSockets.shutdown(reports.socket(), UnixSockets.Direction.WRITE);
    try {
      reports.await(poller, Deadline.in(LAST_MOMENT));
    } catch (ShimException e) {
      // As it should: it says that it was called off, and ends.
    } catch (TimeoutException e) {
      // It hangs where nobody can wake it, and will see for itself.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Ends a container that nobody waits for any more, and waits for its shim. */
  private void end(Report started) throws LinuxException {
    try (Fd shim = Processes.open(started.step());
        Fd process = new ProcessIdentity(started.pid(), started.startTicks()).open()) {
      Processes.signal(process, Signals.KILL);
      poller.awaitReadable(shim, LAST_MOMENT);
    } catch (LinuxException e) {
      if (!e.is(Errno.ESRCH)) { // else it has ended by itself
        throw e;
      }
    } catch (TimeoutException e) {
      // It waits for who holds the container's output.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * The first process forks and ends before the shim reports anything, and a pin's ends with its
   * report. Should it hang all the same, or this thread be wanted elsewhere, that is no reason to
   * forget what came of the start.
   */
  private void reap(Child child) throws LinuxException {
    try {
      child.await(poller, LAST_MOMENT);
    } catch (TimeoutException e) {
      child.signal(Signals.KILL);
      reapLater(child.pid());
    } catch (InterruptedException e) {
      reapLater(child.pid());
      Thread.currentThread().interrupt();
    }
  }

  private static void reapLater(int pid) {
    Thread.ofPlatform()
        .daemon()
        .name("reaper-of-" + pid)
        .start(() -> {
          try {
            Processes.reap(pid);
          } catch (LinuxException gone) {
            // Somebody else has reaped it.
          }
        });
  }

  private Child start(Plan plan, Fd report) throws LinuxException {
    try (Fd memory = Opens.memory("plan")) {
      Descriptors.writeAll(memory, plan.encode());
      Map<Integer, Fd> descriptors = new HashMap<>(plan.descriptors());
      descriptors.put(PLAN_FD, memory);
      descriptors.put(REPORT_FD, report);
      return Child.start(
          new Spawn(
              // Not self: by the time of the exec the child has closed its copy.
              Path.of("/proc/" + Processes.self() + "/fd/" + program.number()),
              List.of("hearth-shim"),
              Map.of(),
              descriptors,
              true));
    }
  }
}
