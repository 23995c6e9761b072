package dev.hearth.cli;

import dev.hearth.proto.cri.v1.ContainerState;
import dev.hearth.proto.cri.v1.ContainerStatus;
import dev.hearth.proto.cri.v1.ContainerStatusRequest;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

final class LogsCommand implements Subcommand {
  private static final Duration POLL = Duration.ofMillis(100);

  /** How often the file is looked at for each time the daemon is asked whether it is all. */
  private static final int ROUNDS_PER_QUESTION = 5;

  private static final int BUFFER = 1 << 16;

  private static final Option<Boolean> FOLLOW =
      Option.flag(
          "Go on until the container ends, through rotations and restarts of hearthd.",
          "-f",
          "--follow");
  private static final Option<Long> TAIL =
      Option.valued(Option::readNumber, "LINES", "Only the last lines.", "--tail");
  private static final Option<Since> SINCE =
      Option.valued(
          Since::parse,
          "TIME",
          "Only what is younger: 90s, 10m, 1h30m, 2d, or a time such as 2026-01-31T09:30:00Z.",
          "--since");
  private static final Option<Boolean> TIMESTAMPS =
      Option.flag("Begin each line with its time.", "-t", "--timestamps");

  @Override
  public Usage usage() {
    return Usage.of(
            "hearth logs",
            "Shows what a container wrote.",
            "Its standard output comes on standard output, its standard error on standard error.",
            "The present log file is read, on this machine; what was rotated away lies beside it.")
        .taking("CONTAINER", "Id, its beginning, or name.")
        .with(FOLLOW, TAIL, SINCE, TIMESTAMPS);
  }

  @Override
  public int run(Given given, Session session) {
    boolean follow = given.has(FOLLOW);
    Optional<Long> lines = given.value(TAIL);
    if (lines.isPresent() && lines.get() < 0) {
      throw CommandFailure.usage("a number of lines below zero: " + lines.get());
    }
    String container = given.parameters().getFirst();
    try (Daemon daemon = session.daemon()) {
      ContainerStatus status = status(container, daemon);
      Path path = logPath(status);
      var printer = new LogPrinter(session.shell(), given.has(TIMESTAMPS), since(given, session));
      try (LogFile log = open(path, status, follow, daemon)) {
        if (lines.isPresent()) {
          log.seekToLastLines(lines.get());
        }
        print(log, printer, status.getId(), follow, daemon);
      } finally {
        printer.flush();
      }
    } catch (NoSuchFileException e) {
      throw CommandFailure.notFound(
          "the log %s of container %s is not there".formatted(e.getFile(), container), e);
    } catch (AccessDeniedException e) {
      throw CommandFailure.failed("no permission to read the log %s".formatted(e.getFile()), e);
    } catch (IOException e) {
      throw CommandFailure.failed(
          "cannot read the log of container %s: %s".formatted(container, e.getMessage()), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return ExitCode.OK;
  }

  private static ContainerStatus status(String container, Daemon daemon) {
    String id = daemon.containerId(container);
    return daemon.runtime().containerStatus(statusRequest(id)).getStatus();
  }

  private static Path logPath(ContainerStatus status) {
    if (status.getLogPath().isEmpty()) {
      throw CommandFailure.notFound(
          "container %s has no log: its pod was made without a log directory"
              .formatted(status.getMetadata().getName()));
    }
    return Path.of(status.getLogPath());
  }

  private static Optional<Instant> since(Given given, Session session) {
    Shell shell = session.shell();
    return given.value(SINCE).map(since -> since.at(shell.now(), shell.zone()));
  }

  /** With --follow, a log that is not there yet is waited for. */
  private static LogFile open(Path path, ContainerStatus status, boolean follow, Daemon daemon)
      throws IOException, InterruptedException {
    while (true) {
      try {
        return LogFile.open(path);
      } catch (NoSuchFileException e) {
        if (!follow || hasEnded(status.getId(), daemon)) {
          throw e;
        }
        Thread.sleep(POLL);
      }
    }
  }

  private static void print(
      LogFile log, LogPrinter printer, String id, boolean follow, Daemon daemon)
      throws IOException, InterruptedException {
    var decoder = new LogDecoder(printer);
    if (!drain(log, decoder, printer) || !follow) {
      return;
    }
    for (long round = 0; ; round++) {
      // Asked before reading: what it wrote last is there by then.
      boolean ended = round % ROUNDS_PER_QUESTION == 0 && hasEnded(id, daemon);
      boolean rotated = log.wasRotated();
      if (!drain(log, decoder, printer)) {
        return;
      }
      if (rotated) {
        decoder.abandon();
        log.reopen();
      } else if (ended) {
        return;
      } else {
        Thread.sleep(POLL);
      }
    }
  }

  /** Shows all there is now; false when nobody reads it. */
  private static boolean drain(LogFile log, LogDecoder decoder, LogPrinter printer)
      throws IOException {
    var buffer = new byte[BUFFER];
    for (int length = log.read(buffer); length > 0; length = log.read(buffer)) {
      decoder.decode(buffer, 0, length);
      if (!printer.flush()) {
        return false;
      }
    }
    return true;
  }

  private static boolean hasEnded(String id, Daemon daemon) {
    try {
      ContainerState state =
          daemon.runtime().containerStatus(statusRequest(id)).getStatus().getState();
      return state == ContainerState.CONTAINER_EXITED;
    } catch (StatusRuntimeException e) {
      // A daemon that is away is being restarted, and the container runs on.
      return e.getStatus().getCode() == Status.Code.NOT_FOUND;
    }
  }

  private static ContainerStatusRequest statusRequest(String id) {
    return ContainerStatusRequest.newBuilder().setContainerId(id).build();
  }
}
