package dev.hearth.runtime.cgroup;

import dev.hearth.runtime.cgroup.CgroupException.Reason;
import dev.hearth.runtime.cgroup.CgroupFiles.OpenFile;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * One group's files of figures, kept open: to open one takes the kernel ten times as long as to
 * read it. A file that is not there is a figure this host does not count, not an error.
 * Thread-safe; its fields are guarded by itself.
 */
final class GroupFigures implements AutoCloseable {
  /**
   * A file of figures.
   *
   * @param controller whose hierarchy it is in; absent for the v2 tree, whoever is in it
   */
  record Name(Optional<Controller> controller, String file) {
    static Name of(Controller controller, String file) {
      return new Name(Optional.of(controller), file);
    }

    static Name unified(String file) {
      return new Name(Optional.empty(), file);
    }
  }

  private final CgroupFiles files;
  private final Layout layout;
  private final CgroupPath group;

  /** Nothing for what this host does not have. */
  private final Map<Name, Optional<OpenFile>> open = new HashMap<>();

  private boolean closed;

  GroupFigures(CgroupFiles files, Layout layout, CgroupPath group) {
    this.files = files;
    this.layout = layout;
    this.group = group;
  }

  /** What a file holds now; empty if there is none, or it cannot be read. */
  synchronized String text(Name name) {
    try {
      Optional<OpenFile> file = open.get(name);
      if (file == null) {
        file = open(name);
      }
      return file.isEmpty() ? "" : file.get().read();
    } catch (CgroupException e) {
      // The group is gone, perhaps to come again.
      forget();
      return "";
    }
  }

  private Optional<OpenFile> open(Name name) throws CgroupException {
    Optional<Hierarchy> hierarchy =
        name.controller().isPresent() ? layout.of(name.controller().get()) : layout.unified();
    Optional<Path> folder = hierarchy.map(h -> h.folder(group));
    if (folder.isEmpty()) {
      open.put(name, Optional.empty());
      return Optional.empty();
    }
    try {
      OpenFile file = files.open(folder.get().resolve(name.file()));
      if (closed) {
        // Too late to be kept: whoever closed this will not come back for it.
        String last = file.read();
        file.close();
        return Optional.of(new Constant(last));
      }
      open.put(name, Optional.of(file));
      return Optional.of(file);
    } catch (CgroupException e) {
      if (e.is(Reason.ABSENT) && !files.exists(folder.get())) {
        throw e;
      }
      open.put(name, Optional.empty());
      return Optional.empty();
    }
  }

  KeyedValues keyed(Name name) {
    return new KeyedValues(text(name));
  }

  /** Long.MAX_VALUE for "max", UNKNOWN for what is no number. */
  long number(Name name) {
    return number(text(name));
  }

  static long number(String text) {
    String word = text.strip();
    if (word.isEmpty()) {
      return Statistics.UNKNOWN;
    }
    if (word.equals(Conversions.MAX)) {
      return Long.MAX_VALUE;
    }
    try {
      return Long.parseLong(word);
    } catch (NumberFormatException e) {
      return Statistics.UNKNOWN;
    }
  }

  /** Nothing where the kernel has no PSI, or was told to keep none. */
  Optional<Pressure> pressure(Name name) {
    String text = text(name);
    return text.isEmpty() ? Optional.empty() : Optional.of(Pressure.parse(text));
  }

  private void forget() {
    open.values().forEach(file -> file.ifPresent(OpenFile::close));
    open.clear();
  }

  @Override
  public synchronized void close() {
    closed = true;
    forget();
  }

  /** What was read before the file was closed. */
  private record Constant(String read) implements OpenFile {
    @Override
    public void close() {}
  }
}
