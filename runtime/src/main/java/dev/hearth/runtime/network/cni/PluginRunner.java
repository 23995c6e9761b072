package dev.hearth.runtime.network.cni;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.JsonObject;
import dev.hearth.linux.Child;
import dev.hearth.linux.Descriptors;
import dev.hearth.linux.ExitStatus;
import dev.hearth.linux.Fd;
import dev.hearth.linux.LinuxException;
import dev.hearth.linux.Opens;
import dev.hearth.linux.Poller;
import dev.hearth.linux.Processes;
import dev.hearth.linux.Signals;
import dev.hearth.linux.Spawn;
import dev.hearth.runtime.network.NetworkException;
import java.io.File;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;

/**
 * Runs plugins, each call a process that leads a session of its own and has nothing open but its
 * standard input, output and error. These three are files in memory of a fixed size rather than
 * pipes: nobody has to read along, a plugin that says too much fails itself, and a process that it
 * left behind, holding its output open, keeps nobody waiting.
 */
final class PluginRunner {
  private static final int MOST_OUTPUT = 1 << 20;
  private static final int SHOWN = 2048;

  /** How long a killed plugin may take to be gone. */
  private static final Duration END = Duration.ofSeconds(5);

  /** At a time of each kind; more would only take turns on the processors. */
  static final int MOST_PROCESSES = 64;

  private static final String PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

  private final List<Path> folders;
  private final Poller poller;
  private final String mark;
  private final Semaphore connecting = new Semaphore(MOST_PROCESSES);

  /** Of its own: however many pods cannot be taken away, others are connected. */
  private final Semaphore clearing = new Semaphore(MOST_PROCESSES);

  /**
   * @param folders where plugins are looked for, the first that has one counts
   * @param mark what {@link Orphans} knows these plugins by
   */
  PluginRunner(List<Path> folders, String mark, Poller poller) {
    this.folders = List.copyOf(folders);
    this.mark = mark;
    this.poller = poller;
  }

  /** The program of a plugin. */
  Path find(String type) throws NetworkException {
    for (Path folder : folders) {
      Path program = folder.resolve(type);
      if (Files.isRegularFile(program) && Files.isExecutable(program)) {
        return program;
      }
    }
    throw new NetworkException.NotConfigured(
        "there is no network plugin " + type + " in " + folders);
  }

  /**
   * Calls a plugin and waits for its end.
   *
   * @return what it said
   * @throws NetworkException.PluginFailed if it says no, is killed, or does not behave
   * @throws NetworkException.TimedOut if it does not end in time; it is killed with all it started
   */
  String run(PluginCall call, Deadline deadline) throws NetworkException {
    Path program = find(call.type());
    Semaphore permits =
        switch (call.command()) {
          case DEL, GC -> clearing;
          case ADD, CHECK, STATUS, VERSION -> connecting;
        };
    try {
      if (!permits.tryAcquire(deadline.left().toNanos(), TimeUnit.NANOSECONDS)) {
        throw new NetworkException.TimedOut(call + " could not be started: too many plugins run");
      }
      try {
        return runNow(program, call, deadline);
      } finally {
        permits.release();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new NetworkException.Unfinished(call + " was interrupted: the daemon is stopping");
    } catch (LinuxException e) {
      throw new NetworkException.Refused("run " + call, e);
    }
  }

  private String runNow(Path program, PluginCall call, Deadline deadline)
      throws NetworkException, LinuxException, InterruptedException {
    try (Fd input = input(call.input());
        Fd output = sink("output");
        Fd errors = sink("errors")) {
      Spawn spawn =
          new Spawn(
              program,
              List.of(program.toString()),
              environment(call),
              Map.of(0, input, 1, output, 2, errors),
              true);
      ExitStatus status = await(spawn, call, deadline);
      String said = text(output);
      if (said.length() >= MOST_OUTPUT) {
        throw new NetworkException.PluginFailed(
            call + " said more than " + MOST_OUTPUT + " bytes", 0);
      }
      return switch (status) {
        case ExitStatus.Exited exited when exited.code() == 0 -> said;
        case ExitStatus.Exited exited -> throw failure(call, exited.code(), said, text(errors));
        case ExitStatus.Signaled signaled ->
            throw new NetworkException.PluginFailed(
                call + " was killed by " + Signals.name(signaled.signal()) + tail(text(errors)), 0);
      };
    }
  }

  private ExitStatus await(Spawn spawn, PluginCall call, Deadline deadline)
      throws NetworkException, LinuxException, InterruptedException {
    try (Child child = Child.start(spawn)) {
      try {
        return child.await(poller, deadline.left());
      } catch (TimeoutException _) {
        kill(child);
        throw new NetworkException.TimedOut(call + " did not end in time and was killed");
      } catch (InterruptedException | LinuxException e) {
        kill(child);
        throw e;
      }
    }
  }

  /** All of its process group, whose id stays its own until it is reaped. */
  private void kill(Child child) throws LinuxException {
    Processes.kill(-child.pid(), Signals.KILL);
    boolean interrupted = Thread.interrupted();
    try {
      var _ = child.await(poller, END);
    } catch (TimeoutException _) {
      // In the hands of the kernel; reaped when the daemon ends.
    } catch (InterruptedException _) {
      interrupted = true;
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private Map<String, String> environment(PluginCall call) {
    Map<String, String> environment = new HashMap<>(call.parameters());
    environment.put("CNI_COMMAND", call.command().name());
    environment.put(
        "CNI_PATH",
        folders.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator)));
    environment.put("PATH", PATH);
    environment.put(Orphans.VARIABLE, mark);
    return environment;
  }

  private static Fd input(JsonObject input) throws LinuxException {
    byte[] bytes = input.toString().getBytes(UTF_8);
    Fd file = Opens.memory("cni-input");
    try {
      Descriptors.writeAll(file, ByteBuffer.wrap(bytes));
      Descriptors.seal(file);
      Descriptors.seek(file, 0);
      return file;
    } catch (LinuxException e) {
      file.close();
      throw e;
    }
  }

  private static Fd sink(String what) throws LinuxException {
    Fd file = Opens.memory("cni-" + what);
    try {
      Descriptors.truncate(file, MOST_OUTPUT);
      Descriptors.sealSize(file);
      return file;
    } catch (LinuxException e) {
      file.close();
      throw e;
    }
  }

  /** What was written: as far as the offset goes that all writers share. */
  private static String text(Fd sink) throws LinuxException {
    int length = Math.clamp(Descriptors.position(sink), 0, MOST_OUTPUT);
    ByteBuffer bytes = ByteBuffer.allocate(length);
    while (bytes.hasRemaining() && Descriptors.read(sink, bytes, bytes.position()) > 0) {
      // Until all is there.
    }
    return new String(bytes.array(), 0, bytes.position(), UTF_8);
  }

  /** From the error result (section 5), or whatever else the plugin left to go by. */
  private static NetworkException failure(PluginCall call, int exit, String said, String errors) {
    try {
      JsonObject error = StrictJson.object(said);
      int code = StrictJson.index(error, "code").orElse(0);
      String message = StrictJson.string(error, "msg").orElse("");
      String details = StrictJson.string(error, "details").orElse("");
      if (code != 0 || !message.isEmpty()) {
        return new NetworkException.PluginFailed(
            call
                + " failed: "
                + shown(message)
                + (details.isEmpty() ? "" : ": " + shown(details))
                + " (code "
                + code
                + ")",
            code);
      }
    } catch (IllegalArgumentException _) {
      // Not the form that was agreed upon.
    }
    String left = errors.isBlank() ? said : errors;
    return new NetworkException.PluginFailed(call + " ended with " + exit + tail(left), 0);
  }

  private static String tail(String text) {
    String stripped = text.strip();
    return stripped.isEmpty()
        ? ""
        : ": " + shown(stripped.substring(Math.max(0, stripped.length() - SHOWN)));
  }

  /** One line of bounded length, whatever a plugin may have put there. */
  static String shown(String text) {
    String bounded = text.length() > SHOWN ? text.substring(0, SHOWN) + "…" : text;
    return bounded.replaceAll("\\p{Cntrl}+", " ").strip();
  }
}
