package dev.hearth.testing;

import dev.hearth.runtime.network.NetworkConfiguration;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;

/**
 * What a daemon has on the machine at one moment: processes, mounts, cgroups, network devices and
 * their addresses, firewall tables, files. Taken before and after, the difference is what was left
 * behind.
 */
public final class Leftovers {
  private static final Duration LIMIT = Duration.ofSeconds(10);

  /** Names with an id in them belong to one pod, container, layer or the like. */
  private static final String ID = ".*[0-9a-f]{12}.*";

  private final Set<String> things;

  private Leftovers(Set<String> things) {
    this.things = things;
  }

  /** What there is of {@code home}'s daemon now. */
  public static Leftovers of(DaemonHome home) {
    var things = new TreeSet<String>();
    processes(home).forEach(pid -> things.add("process " + pid + ": " + commandLine(pid)));
    mounts(home).forEach(mount -> things.add("mount " + mount));
    // The parent itself is the daemon's own, in those hierarchies in which it was needed so far.
    cgroups(home.cgroupParent()).stream()
        .filter(cgroup -> !cgroup.endsWith(home.cgroupParent().substring(1)))
        .forEach(cgroup -> things.add("cgroup " + cgroup));
    List<String> links = links(home);
    links.stream()
        .filter(link -> !isPrepared(link))
        .forEach(link -> things.add("network device " + link));
    // Those that wait for pods to come are the daemon's own, as long as there are not too many.
    long prepared = links.stream().filter(Leftovers::isPrepared).count();
    if (prepared > NetworkConfiguration.USUALLY_PREPARED) {
      things.add(prepared + " prepared networks");
    }
    tables(home).forEach(table -> things.add("nft " + table));
    files(home).forEach(file -> things.add("file " + file));
    return new Leftovers(things);
  }

  /**
   * Fails unless everything that has come since {@code before} is gone, or goes within ten seconds:
   * network devices are deleted in the background.
   */
  public static void assertNothingSince(Leftovers before, DaemonHome home) {
    var left = new AtomicReference<Collection<String>>(List.of());
    Await.until(
        () -> "these to go:\n  " + String.join("\n  ", left.get()),
        LIMIT,
        () -> {
          var now = new TreeSet<>(of(home).things);
          now.removeAll(before.things);
          left.set(now);
          return now.isEmpty();
        });
  }

  /** How many things there are. */
  public int count() {
    return things.size();
  }

  @Override
  public String toString() {
    return String.join("\n", things);
  }

  /**
   * Removes by force what a daemon and its containers left, when the daemon itself cannot: after a
   * failed test, or after a run that was killed.
   */
  public static void sweep(DaemonHome home) throws IOException {
    end(home);
    Folders.remove(home.folder());
  }

  /** The same but for the files: what a boot of the machine does. The daemon must be dead. */
  public static void end(DaemonHome home) throws IOException {
    for (long pid : allProcesses(home)) {
      ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
    }
    Await.until("killed processes to end", LIMIT, () -> allProcesses(home).isEmpty());
    for (String mount : mounts(home).reversed()) {
      run("umount", "--lazy", mount);
    }
    endCgroups(home.cgroupParent());
    for (String link : links(home)) {
      run("ip", "link", "delete", link);
    }
    for (String table : tables(home)) {
      run(
          Stream.concat(Stream.of("nft", "delete"), Stream.of(table.split(" ", -1)))
              .toArray(String[]::new));
    }
  }

  /** Kills what is in a cgroup and in those below it, in every hierarchy, and removes them. */
  public static void endCgroups(String parent) {
    // A killed process stays in its cgroup until it is reaped, which somebody else does.
    Await.until(
        "the cgroups " + parent + " to be removable",
        LIMIT,
        () -> {
          inCgroup(parent)
              .flatMap(pid -> ProcessHandle.of(pid).stream())
              .forEach(ProcessHandle::destroyForcibly);
          return cgroups(parent).reversed().stream().allMatch(Leftovers::removed);
        });
  }

  private static boolean removed(Path cgroup) {
    try {
      Files.deleteIfExists(cgroup);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private static Stream<Long> inCgroup(String parent) {
    return ProcessHandle.allProcesses()
        .map(ProcessHandle::pid)
        .filter(pid ->
            text(Path.of("/proc/" + pid + "/cgroup"))
                .lines()
                .anyMatch(line -> (line + "/").contains(":" + parent + "/")));
  }

  private static List<Long> processes(DaemonHome home) {
    return allProcesses(home).stream()
        .filter(pid -> !commandLine(pid).contains("dev.hearth.daemon.Hearthd"))
        .toList();
  }

  /** Processes in the daemon's cgroups, and those that name its folder. */
  private static List<Long> allProcesses(DaemonHome home) {
    Stream<Long> naming =
        ProcessHandle.allProcesses()
            .map(ProcessHandle::pid)
            .filter(pid -> commandLine(pid).contains(home.folder() + "/"));
    return Stream.concat(inCgroup(home.cgroupParent()), naming)
        .distinct()
        .filter(pid -> pid != ProcessHandle.current().pid())
        .toList();
  }

  private static String commandLine(long pid) {
    return text(Path.of("/proc/" + pid + "/cmdline")).replace('\0', ' ').strip();
  }

  /** Mount points below the daemon's folder, in the order in which they were made. */
  private static List<String> mounts(DaemonHome home) {
    return text(Path.of("/proc/self/mountinfo"))
        .lines()
        .map(line -> line.split(" ", -1)[4])
        .filter(point -> point.startsWith(home.folder() + "/"))
        .toList();
  }

  /** Cgroups in every hierarchy, parents before children. */
  private static List<Path> cgroups(String name) {
    var found = new ArrayList<Path>();
    Path top = Path.of("/sys/fs/cgroup");
    var hierarchies = new ArrayList<>(List.of(top));
    hierarchies.addAll(list(top));
    for (Path hierarchy : hierarchies) {
      Path parent = hierarchy.resolve(name.substring(1));
      // A hierarchy that has several names (cpu, cpuacct) is listed once.
      if (Files.isDirectory(parent) && !Files.isSymbolicLink(hierarchy)) {
        found.addAll(walk(parent).filter(Files::isDirectory).toList());
      }
    }
    return found;
  }

  /** The bridge and what is attached to it. */
  private static List<String> links(DaemonHome home) {
    return list(Path.of("/sys/class/net")).stream()
        .filter(link ->
            link.endsWith(home.bridge())
                || target(link.resolve("master")).endsWith("/" + home.bridge()))
        .map(link -> link.getFileName().toString())
        .toList();
  }

  private static boolean isPrepared(String link) {
    try {
      return Files.readString(Path.of("/sys/class/net", link, "ifalias"))
          .strip()
          .equals("prepared");
    } catch (IOException e) {
      return false; // it is just going
    }
  }

  private static List<String> tables(DaemonHome home) {
    try {
      return run("nft", "list", "tables")
          .lines()
          .filter(table -> table.contains(home.bridge()))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<Path> files(DaemonHome home) {
    return Stream.of(home.root(), home.state())
        .filter(Files::isDirectory)
        .flatMap(Leftovers::walk)
        // What is in a snapshot goes with it.
        .filter(path -> !path.toString().matches(".*/root/snapshots/[^/]+/.*"))
        .filter(path ->
            !Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)
                || path.getFileName().toString().matches(ID))
        .toList();
  }

  private static Stream<Path> walk(Path folder) {
    var found = new ArrayList<Path>();
    found.add(folder);
    for (Path entry : list(folder)) {
      if (Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS)) {
        found.addAll(walk(entry).toList());
      } else {
        found.add(entry);
      }
    }
    return found.stream();
  }

  /** Entries of a folder by name; none when it has just gone. */
  private static List<Path> list(Path folder) {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.sorted(Comparator.naturalOrder()).toList();
    } catch (IOException | UncheckedIOException e) {
      return List.of();
    }
  }

  private static String target(Path link) {
    try {
      return Files.readSymbolicLink(link).toString();
    } catch (IOException e) {
      return "";
    }
  }

  /** The text of a file of /proc; empty when its process has just gone. */
  private static String text(Path file) {
    try {
      return Files.readString(file, StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return "";
    }
  }

  private static String run(String... command) throws IOException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try (var out = process.getInputStream()) {
      return new String(out.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
