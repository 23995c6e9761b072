package dev.hearth.shim;

import dev.hearth.linux.Fd;
import dev.hearth.linux.MountAttribute;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What a container gets to see at a mount point. */
public sealed interface MountSource {
  /**
   * A new file system, such as proc, tmpfs or overlay.
   *
   * @param attributes of the new mount
   */
  record FileSystem(String type, List<Option> options, Set<MountAttribute> attributes)
      implements MountSource {
    public FileSystem {
      options = List.copyOf(options);
      attributes = Set.copyOf(attributes);
    }
  }

  /** A file or folder of the host; recursive, with what is mounted below it. */
  record Bind(Path path, boolean recursive) implements MountSource {
    public Bind {
      if (!path.isAbsolute()) {
        throw new IllegalArgumentException("bind source is not absolute: " + path);
      }
    }
  }

  /** A mount made beforehand and attached nowhere; stays the caller's. */
  record Detached(Fd mount) implements MountSource {}

  /** One option of a file system, {@code key=value} or a mere {@code key}; fsconfig(2). */
  record Option(String key, Optional<String> value) {
    public static Option of(String key, String value) {
      return new Option(key, Optional.of(value));
    }

    public static Option flag(String key) {
      return new Option(key, Optional.empty());
    }
  }
}
