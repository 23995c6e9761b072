package dev.hearth.runtime.checkpoint;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.hearth.linux.Child;
import dev.hearth.linux.Errno;
import dev.hearth.linux.ExitStatus;
import dev.hearth.linux.Fd;
import dev.hearth.linux.LinuxException;
import dev.hearth.linux.Namespace;
import dev.hearth.linux.Namespaces;
import dev.hearth.linux.Poller;
import dev.hearth.linux.ProcessIdentity;
import dev.hearth.linux.Spawn;
import dev.hearth.runtime.checkpoint.CheckpointException.Reason;
import dev.hearth.shim.Body;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * criu(8) of this node. It saves a tree of processes from outside and restores it elsewhere.
 *
 * <p>It runs in the network, IPC, UTS and cgroup namespaces of the processes, on both occasions. So
 * these are none of its business: it neither saves nor makes them, and what it restores is born in
 * those of the new pod. Process ids, mounts and the processes themselves are its own.
 */
public final class Criu {
  /** Where criu and the programs it calls are looked for. */
  private static final String PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

  private static final Map<String, String> ENVIRONMENT = Map.of("PATH", PATH);
  private static final Duration CHECK = Duration.ofSeconds(10);

  /**
   * How long to wait for criu to have written everything. It is not broken off: a process that is
   * being saved runs code of criu's, and would not survive that.
   */
  private static final Duration SAVING = Duration.ofHours(1);

  private static final Set<Namespace> SHARED =
      EnumSet.of(Namespace.NETWORK, Namespace.IPC, Namespace.UTS, Namespace.CGROUP);

  /** Which process criu is while it saves: its pid and when it started. */
  private static final String RUNNING = ".criu";

  static final String SAVE_LOG = "dump.log";
  static final String RESTORE_LOG = "restore.log";

  /** How many of criu's complaints are passed on. */
  private static final int COMPLAINTS = 3;

  private static final int MAX_COMPLAINT = 300;

  private final Poller poller;
  private final String searchPath;

  /**
   * @param searchPath folders to find criu in, as in PATH
   */
  public Criu(Poller poller, String searchPath) {
    this.poller = poller;
    this.searchPath = searchPath;
  }

  /** That of the usual folders. */
  public static Criu installed(Poller poller) {
    return new Criu(poller, PATH);
  }

  /**
   * The program, found to work with this kernel.
   *
   * @throws CheckpointException NO_CRIU, which says what is missing
   */
  public Path require() throws CheckpointException, InterruptedException {
    Path program =
        Stream.of(searchPath.split(":", -1))
            .map(folder -> Path.of(folder, "criu"))
            .filter(Files::isExecutable)
            .findFirst()
            .orElseThrow(() ->
                absent("criu is not installed: install a release that works with this kernel"));
    try {
      ProcessBuilder check =
          new ProcessBuilder(program.toString(), "check").redirectErrorStream(true);
      check.environment().clear();
      check.environment().putAll(ENVIRONMENT);
      Process process = check.start();
      process.getOutputStream().close();
      if (!process.waitFor(CHECK.toSeconds(), TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw absent("criu check takes longer than " + CHECK.toSeconds() + " s");
      }
      String said = new String(process.getInputStream().readNBytes(4096), UTF_8);
      if (process.exitValue() != 0) {
        throw absent("criu does not work with this kernel: " + said.lines().findFirst().orElse(""));
      }
      return program;
    } catch (CheckpointException e) {
      throw e;
    } catch (IOException e) {
      throw new CheckpointException(Reason.NO_CRIU, program + " cannot be run", e);
    }
  }

  private static CheckpointException absent(String why) {
    return new CheckpointException(Reason.NO_CRIU, why);
  }

  /**
   * What to save.
   *
   * @param process first of the tree, and of its PID namespace
   * @param freezer the control group that is frozen; it is so again when this returns
   * @param external mount points whose file systems are not to be saved
   * @param patience how long processes may take to stop
   */
  public record Save(
      ProcessIdentity process, Path freezer, List<String> external, Duration patience) {}

  /**
   * Saves processes, which stay as they are.
   *
   * @param folder gets the images in {@code checkpoint}, and criu's log and figures
   * @throws CheckpointException NOT_SAVED
   */
  void save(Path program, Save save, Path folder) throws IOException, InterruptedException {
    List<String> arguments = new ArrayList<>(List.of(program.toString(), "dump"));
    arguments.addAll(List.of("--tree", Integer.toString(save.process().pid())));
    arguments.addAll(folders(folder, SAVE_LOG));
    arguments.addAll(List.of("--leave-running", "--freeze-cgroup", save.freezer().toString()));
    arguments.addAll(List.of("--timeout", Long.toString(Math.max(1, save.patience().toSeconds()))));
    save.external()
        .forEach(point -> arguments.addAll(List.of("--external", "mnt[" + point + "]:" + point)));
    Spawn spawn = new Spawn(program, arguments, ENVIRONMENT, Map.of(), true);
    Path record = folder.resolve(RUNNING);
    try (Fd process = save.process().open();
        Child criu = Namespaces.insideOf(process, SHARED, () -> Child.start(spawn))) {
      IOException unrecorded = record(criu, record);
      ExitStatus status = criu.await(poller, SAVING);
      Files.deleteIfExists(record);
      if (unrecorded != null) {
        throw unrecorded;
      }
      if (!status.equals(new ExitStatus.Exited(0))) {
        throw new CheckpointException(
            Reason.NOT_SAVED, "criu dump: " + complaint(folder.resolve(SAVE_LOG), status));
      }
    } catch (TimeoutException e) {
      throw new CheckpointException(
          Reason.NOT_SAVED, "criu has been saving for " + SAVING.toMinutes() + " minutes", e);
    }
  }

  /**
   * Writes down which process it is. Where that fails, the failure comes back to be thrown when
   * criu has ended: nobody else would know to wait for it.
   */
  private static @Nullable IOException record(Child criu, Path file) {
    try {
      Optional<ProcessIdentity> identity = ProcessIdentity.of(criu.pid());
      if (identity.isPresent()) {
        Files.writeString(file, identity.get().pid() + " " + identity.get().startTicks());
      }
      return null;
    } catch (IOException e) {
      return e;
    }
  }

  /**
   * What is the same on both occasions. Connections are not saved: their other end has moved on.
   */
  private static List<String> folders(Path folder, String log) {
    return List.of(
        "--images-dir",
        folder.resolve(CheckpointArchive.IMAGES).toString(),
        "--work-dir",
        folder.toString(),
        "--log-file",
        log,
        "-v3",
        "--manage-cgroups=ignore",
        "--file-locks",
        "--tcp-close",
        "--ghost-limit",
        "256M");
  }

  /**
   * How a shim is to bring processes back.
   *
   * @param folder with the images in {@code checkpoint}; gets criu's log
   * @param state an existing folder of the container's, on a tmpfs
   * @param root an existing folder to attach the root file system at
   */
  static Body.Restored restore(
      Path program, SavedContainer saved, Path folder, Path state, Path root) {
    Path pidFile = state.resolve("restored.pid");
    List<String> arguments = new ArrayList<>(List.of(program.toString(), "restore"));
    arguments.addAll(folders(folder, RESTORE_LOG));
    arguments.addAll(List.of("--restore-detached", "--root", root.toString()));
    arguments.addAll(List.of("--pidfile", pidFile.toString()));
    Map<String, Path> exposed = new TreeMap<>();
    for (String point : saved.external()) {
      Path at = state.resolve("mount-" + exposed.size());
      exposed.put(point, at);
      arguments.addAll(List.of("--external", "mnt[" + point + "]:" + at));
    }
    for (int stream = 0; stream < 3; stream++) {
      String pipe = saved.pipe(stream);
      if (!pipe.isEmpty()) {
        int number = Body.Restored.FIRST_STREAM + stream;
        arguments.addAll(List.of("--inherit-fd", "fd[" + number + "]:" + pipe));
      }
    }
    return new Body.Restored(arguments, List.of("PATH=" + PATH), root, exposed, pidFile);
  }

  /** What criu complained of in its log. */
  static String complaint(Path log, Object otherwise) {
    try (Stream<String> lines = Files.lines(log, java.nio.charset.StandardCharsets.ISO_8859_1)) {
      String said =
          lines
              .filter(line -> line.contains("Error (") && !line.contains("RLIMIT_NOFILE"))
              .map(line ->
                  line.replaceFirst("^\\(\\s*[0-9.]+\\)\\s*([0-9]+: )?Error \\([^)]*\\): ", ""))
              .map(line -> line.substring(0, Math.min(line.length(), MAX_COMPLAINT)).strip())
              .limit(COMPLAINTS)
              .collect(Collectors.joining("; "));
      return said.isEmpty() ? String.valueOf(otherwise) : said;
    } catch (IOException | java.io.UncheckedIOException e) {
      return String.valueOf(otherwise);
    }
  }

  /** The criu that was started for a folder and has not ended, if there is one. */
  static Optional<ProcessIdentity> workingIn(Path folder) throws IOException {
    Path file = folder.resolve(RUNNING);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    String[] parts = Files.readString(file).split(" ", -1);
    if (parts.length != 2) {
      return Optional.empty(); // torn: it is written by one call, before criu has done much
    }
    try {
      ProcessIdentity criu =
          new ProcessIdentity(Integer.parseInt(parts[0]), Long.parseLong(parts[1]));
      return criu.isAlive() ? Optional.of(criu) : Optional.empty();
    } catch (IllegalArgumentException e) {
      throw new IOException("no process is recorded in " + file, e);
    }
  }

  /**
   * Waits until the criu that was started for a folder has ended.
   *
   * @return false if it has not within that time
   */
  boolean awaitEnd(Path folder, Duration within) throws IOException, InterruptedException {
    Optional<ProcessIdentity> criu = workingIn(folder);
    if (criu.isEmpty()) {
      return true;
    }
    try (Fd pidfd = criu.get().open()) {
      poller.awaitReadable(pidfd, within);
      return true;
    } catch (LinuxException e) {
      if (e.is(Errno.ESRCH)) {
        return true;
      }
      throw e;
    } catch (TimeoutException e) {
      return false;
    }
  }
}
