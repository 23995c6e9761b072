package dev.hearth.shim;

import dev.hearth.linux.Child;
import dev.hearth.linux.Descriptors;
import dev.hearth.linux.Fd;
import dev.hearth.linux.LinuxException;
import dev.hearth.linux.Opens;
import dev.hearth.linux.Poller;
import dev.hearth.linux.ProcessIdentity;
import dev.hearth.linux.Processes;
import dev.hearth.linux.Spawn;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeoutException;

/**
 * Starts containers, each under a shim of its own. Any number of threads may, at once.
 *
 * <p>The program is copied into a sealed memory file and run from there: a container that got hold
 * of the file it was started from could otherwise write to the host's copy (CVE-2019-5736), and an
 * upgrade may replace that file at any time.
 */
public final class ShimLauncher implements AutoCloseable {
  private static final int PLAN_FD = 3;
  private static final int REPORT_FD = 4;

  private final Poller poller;
  private final Fd program;

  /**
   * Takes a copy of the program.
   *
   * @throws IOException if it cannot be read or copied
   */
  public ShimLauncher(Poller poller, Path program) throws IOException {
    this.poller = poller;
    byte[] content = Files.readAllBytes(program);
    Fd copy = Opens.memory("hearth-shim");
    try {
      Descriptors.writeAll(copy, ByteBuffer.wrap(content));
      Descriptors.seal(copy);
    } catch (LinuxException e) {
      copy.close();
      throw e;
    }
    this.program = copy;
  }

  /**
   * Starts a container, and returns when its program runs.
   *
   * @throws StartFailure if the shim said why it does not; then nothing of it is left
   * @throws TimeoutException if it did not say in time; then it is called off, and nothing of it is
   *     left when the shim has seen that
   * @throws LinuxException if the shim itself could not be started
   */
  public StartedContainer launch(LaunchPlan plan, Duration timeout)
      throws ShimException, LinuxException, TimeoutException, InterruptedException {
    Plan compiled = plan.compile();
    List<Report> reports = run(compiled, timeout);
    int shimPid = 0;
    List<StartWarning> warnings = new ArrayList<>();
    for (Report report : reports) {
      switch (report.kind()) {
        case Report.SHIM -> shimPid = report.pid();
        case Report.WARNING -> warnings.add(StartWarning.of(compiled, report));
        case Report.STARTED -> {
          return new StartedContainer(
              new ProcessIdentity(report.pid(), report.startTicks()),
              shimPid,
              Times.instant(report.at()),
              warnings);
        }
        default -> {}
      }
    }
    throw new ShimUnreachable("the shim ended without a word on " + plan.supervision().control());
  }

  /**
   * Makes and pins namespaces.
   *
   * @throws StartFailure if that failed; files it bound before are left
   */
  public void pin(PinPlan plan, Duration timeout)
      throws ShimException, LinuxException, TimeoutException, InterruptedException {
    run(plan.compile(), timeout);
  }

  /** All reports of a start that has not failed. */
  private List<Report> run(Plan plan, Duration timeout)
      throws ShimException, LinuxException, TimeoutException, InterruptedException {
    long deadline = System.nanoTime() + timeout.toNanos();
    try (Opens.Pipe report = Opens.pipe()) {
      Descriptors.setNonBlocking(report.reader(), true);
      try (Child child = start(plan, report.writer())) {
        report.writer().close();
        try {
          return readReports(plan, report.reader(), deadline);
        } finally {
          // It forks and ends before the shim reports anything; a pin ends with its report.
          report.reader().close();
          child.await(poller, Duration.ofSeconds(5));
        }
      }
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

  private List<Report> readReports(Plan plan, Fd pipe, long deadline)
      throws ShimException, LinuxException, TimeoutException, InterruptedException {
    List<Report> reports = new ArrayList<>();
    ByteBuffer buffer = ByteBuffer.allocate(16 * Report.SIZE).order(ByteOrder.LITTLE_ENDIAN);
    while (true) {
      int read = Descriptors.read(pipe, buffer);
      if (read < 0) {
        return reports;
      }
      if (read == 0) {
        poller.awaitReadable(pipe, Duration.ofNanos(deadline - System.nanoTime()));
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

  @Override
  public void close() {
    program.close();
  }
}
