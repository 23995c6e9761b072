package dev.hearth.shim;

import dev.hearth.linux.Child;
import dev.hearth.linux.Descriptors;
import dev.hearth.linux.Fd;
import dev.hearth.linux.LinuxException;
import dev.hearth.linux.Opens;
import dev.hearth.linux.Poller;
import dev.hearth.linux.ProcessIdentity;
import dev.hearth.linux.Processes;
import dev.hearth.linux.Signals;
import dev.hearth.linux.Spawn;
import dev.hearth.linux.UnixSockets;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
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
 * @param program in memory, sealed
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
    Deadline deadline = Deadline.in(timeout);
    try (UnixSockets.Pair report = UnixSockets.pair(UnixSockets.Kind.STREAM)) {
      Fd ours = report.first();
      Descriptors.setNonBlocking(ours, true);
      try (Child child = start(plan, report.second())) {
        report.second().close();
        try {
          return readReports(plan, ours, deadline);
        } catch (TimeoutException | InterruptedException e) {
          callOff(ours);
          throw e;
        } finally {
          reap(child);
        }
      }
    }
  }

  /** Has the shim undo what it has begun, and waits for that if it does not take too long. */
  private void callOff(Fd report) throws LinuxException {
    UnixSockets.shutdown(report, UnixSockets.Direction.WRITE);
    Deadline deadline = Deadline.in(LAST_MOMENT);
    ByteBuffer ignored = ByteBuffer.allocate(Report.SIZE);
    try {
      while (Descriptors.read(report, ignored.clear()) >= 0) {
        poller.awaitReadable(report, deadline.left());
      }
    } catch (TimeoutException e) {
      // It hangs where nobody can wake it, and will see for itself.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * The first process forks and ends before the shim reports anything, and a pin's ends with its
   * report. Should it hang all the same, that is no reason to forget what came of the start.
   */
  private void reap(Child child) throws LinuxException, InterruptedException {
    try {
      child.await(poller, LAST_MOMENT);
    } catch (TimeoutException e) {
      child.signal(Signals.KILL);
      int pid = child.pid();
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

  private List<Report> readReports(Plan plan, Fd socket, Deadline deadline)
      throws ShimException, LinuxException, TimeoutException, InterruptedException {
    List<Report> reports = new ArrayList<>();
    ByteBuffer buffer = ByteBuffer.allocate(16 * Report.SIZE).order(ByteOrder.LITTLE_ENDIAN);
    while (true) {
      int read = Descriptors.read(socket, buffer);
      if (read < 0) {
        return reports;
      }
      if (read == 0) {
        poller.awaitReadable(socket, deadline.left());
        continue;
      }
      buffer.flip();
      while (buffer.remaining() >= Report.SIZE) {
        Report report = Report.read(buffer);
        if (report.kind() == Report.FAILED) {
          throw StartFailure.of(plan, report);
        }
        reports.add(report);
        if (report.kind() == Report.STARTED) {
          return reports;
        }
      }
      buffer.compact();
    }
  }
}
