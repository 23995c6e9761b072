package dev.hearth.runtime.spec;

import dev.hearth.linux.Entries;
import dev.hearth.linux.FileStatus;
import dev.hearth.linux.FileType;
import dev.hearth.linux.LinuxException;
import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.spec.seccomp.Abi;
import dev.hearth.shim.DeviceNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** The node's own files. Stateless. */
public final class NodeView implements HostView {
  private static final Path APPARMOR_PROFILES = Path.of("/sys/kernel/security/apparmor/profiles");
  private static final Path DEV = Path.of("/dev");

  /** Folders of /dev whose nodes belong to somebody else, and the console, which is the shim's. */
  private static final Set<String> NOT_DEVICES =
      Set.of("pts", "shm", "fd", "mqueue", "console", ".lxc", ".lxd-mounts", ".udev");

  /** Deeper than any folder of devices; ends loops. */
  private static final int MAX_DEPTH = 16;

  /** Longest seccomp profile, in bytes. */
  private static final long MAX_PROFILE = 4L << 20;

  @Override
  public List<DeviceNode> devices(Path path) {
    List<DeviceNode> found = new ArrayList<>();
    try {
      Path real = path.toRealPath();
      FileStatus status = Entries.status(real);
      if (status.type() == FileType.DIRECTORY) {
        collect(real, path, found, 0);
      } else {
        node(path, status, found);
      }
    } catch (IOException e) {
      throw new HearthException.InvalidRequest("device " + path + ": " + e.getMessage(), e);
    }
    if (found.isEmpty()) {
      throw new HearthException.InvalidRequest(path + " is no device, nor has any in it");
    }
    return found;
  }

  @Override
  public List<DeviceNode> allDevices() {
    List<DeviceNode> found = new ArrayList<>();
    try {
      collect(DEV, DEV, found, 0);
    } catch (IOException e) {
      throw new HearthException.HostFailure("the devices in /dev cannot be listed", e);
    }
    return found;
  }

  /**
   * @param shown the path under which the folder was asked for
   */
  private static void collect(Path folder, Path shown, List<DeviceNode> found, int depth)
      throws IOException {
    if (depth > MAX_DEPTH) {
      return;
    }
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      for (Path entry : entries) {
        String name = String.valueOf(entry.getFileName());
        if (folder.equals(DEV) && NOT_DEVICES.contains(name)) {
          continue;
        }
        FileStatus status;
        try {
          status = Entries.status(entry);
        } catch (LinuxException e) {
          // Unplugged meanwhile.
          continue;
        }
        if (status.type() == FileType.DIRECTORY) {
          collect(entry, shown.resolve(name), found, depth + 1);
        } else {
          node(shown.resolve(name), status, found);
        }
      }
    }
  }

  private static void node(Path path, FileStatus status, List<DeviceNode> found) {
    int major = status.special().major();
    int minor = status.special().minor();
    DeviceNode root =
        switch (status.type()) {
          case CHARACTER_DEVICE ->
              DeviceNode.character(path.toString(), status.mode(), major, minor);
          case BLOCK_DEVICE -> DeviceNode.block(path.toString(), status.mode(), major, minor);
          case PIPE, DIRECTORY, REGULAR, LINK, SOCKET -> null;
        };
    if (root != null) {
      found.add(new DeviceNode(root.path(), root.mode(), major, minor, status.uid(), status.gid()));
    }
  }

  @Override
  public String seccompProfile(String path) {
    try {
      Path file = Path.of(path);
      if (!file.isAbsolute()) {
        throw new HearthException.InvalidRequest(
            "seccomp profile is not an absolute path: " + path);
      }
      if (!Files.isRegularFile(file)) {
        // To read a pipe would be to wait.
        throw new HearthException.InvalidRequest("seccomp profile " + path + " is no file");
      }
      if (Files.size(file) > MAX_PROFILE) {
        throw new HearthException.InvalidRequest(
            "seccomp profile " + path + " is longer than " + MAX_PROFILE + " bytes");
      }
      return Files.readString(file);
    } catch (IOException e) {
      throw new HearthException.InvalidRequest(
          "seccomp profile " + path + " cannot be read: " + e.getMessage(), e);
    }
  }

  @Override
  public boolean appArmorLoaded(String profile) {
    try (Stream<String> lines = Files.lines(APPARMOR_PROFILES)) {
      return lines.anyMatch(line -> line.startsWith(profile + " ("));
    } catch (IOException | UncheckedIOException e) {
      // Nobody mounted securityfs. The exec fails then if there is no such profile.
      return true;
    }
  }

  /** Whether this kernel confines processes by AppArmor. */
  public static boolean hasAppArmor() {
    return firstLine(Path.of("/sys/module/apparmor/parameters/enabled")).equals(Optional.of("Y"));
  }

  /**
   * What plans depend on.
   *
   * @param unifiedCgroups whether all controllers are on cgroup v2
   * @param appArmorDefault the loaded profile of containers that name none
   */
  public NodeFacts facts(boolean unifiedCgroups, Optional<String> appArmorDefault) {
    return new NodeFacts(
        Abi.of(System.getProperty("os.arch")),
        firstLine(Path.of("/proc/sys/kernel/osrelease")).orElse("0.0"),
        firstLine(Path.of("/proc/sys/kernel/hostname")).orElse("localhost"),
        boundingCapabilities(),
        unifiedCgroups,
        hasAppArmor(),
        appArmorDefault,
        Files.exists(Path.of("/sys/fs/selinux/enforce")));
  }

  private static long boundingCapabilities() {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
        if (line.startsWith("CapBnd:")) {
          return Long.parseUnsignedLong(line.substring("CapBnd:".length()).strip(), 16);
        }
      }
    } catch (IOException e) {
      throw new HearthException.HostFailure("the daemon's capabilities cannot be read", e);
    }
    throw new HearthException.HostFailure("/proc/self/status has no CapBnd", null);
  }

  private static Optional<String> firstLine(Path file) {
    try {
      return Files.readString(file).lines().findFirst().map(String::strip);
    } catch (IOException e) {
      return Optional.empty();
    }
  }
}
