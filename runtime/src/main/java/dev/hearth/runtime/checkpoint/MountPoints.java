package dev.hearth.runtime.checkpoint;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.hearth.runtime.checkpoint.CheckpointException.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The mounts of a process, {@code /proc/PID/mountinfo} (proc_pid_mountinfo(5)). */
final class MountPoints {
  private static final Pattern OCTAL = Pattern.compile("\\\\([0-7]{3})");

  private record Mount(String device, String point) {}

  private MountPoints() {}

  /**
   * Where file systems are mounted that are not the container's own: those criu must not save.
   *
   * @param own where the container's own are mounted, besides its root
   */
  static List<String> external(int pid, Set<String> own) throws IOException {
    List<Mount> mounts =
        Files.readAllLines(Path.of("/proc", Integer.toString(pid), "mountinfo"), UTF_8).stream()
            .map(MountPoints::parse)
            .toList();
    Set<String> devices = new HashSet<>();
    Set<String> seen = new HashSet<>();
    for (Mount mount : mounts) {
      // The first at a place is what was mounted there as its own; others may cover it.
      boolean first = seen.add(mount.point());
      if (first && (mount.point().equals("/") || own.contains(mount.point()))) {
        devices.add(mount.device());
      }
    }
    Set<String> external = new TreeSet<>();
    for (Mount mount : mounts) {
      if (!devices.contains(mount.device())) {
        if (!SavedContainer.isPlain(mount.point())) {
          throw new CheckpointException(
              Reason.NOT_SAVED, "criu cannot be told of a mount at " + mount.point());
        }
        external.add(mount.point());
      }
    }
    return List.copyOf(external);
  }

  private static Mount parse(String line) {
    String[] fields = line.split(" ", 6);
    Matcher octal = OCTAL.matcher(fields[4]);
    String point =
        octal.replaceAll(match ->
            Matcher.quoteReplacement(
                Character.toString((char) Integer.parseInt(match.group(1), 8))));
    return new Mount(fields[2], point);
  }
}
