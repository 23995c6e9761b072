package dev.hearth.runtime.cgroup;

import dev.hearth.runtime.cgroup.CgroupException.Reason;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Reads single figures. A file that is not there is a figure this host does not count, not an
 * error: a container may end between two reads, and its last figures are still wanted.
 */
final class StatisticsSource {
  private final CgroupFiles files;
  private final List<String> pageSizes;

  /**
   * @param pageSizes of huge pages this host has, as the kernel names them
   */
  StatisticsSource(CgroupFiles files, List<String> pageSizes) {
    this.files = files;
    this.pageSizes = List.copyOf(pageSizes);
  }

  List<String> pageSizes() {
    return pageSizes;
  }

  boolean exists(Path file) {
    return files.exists(file);
  }

  static CgroupException absent(CgroupPath group) {
    return new CgroupException(Reason.ABSENT, "cgroup " + group + " does not exist");
  }

  /**
   * @throws CgroupException ABSENT if it is not there
   */
  String required(Path file, CgroupPath group) throws CgroupException {
    try {
      return files.read(file);
    } catch (CgroupException e) {
      throw e.is(Reason.ABSENT) ? absent(group) : e;
    }
  }

  /** Empty if it cannot be read. */
  String text(Path file) {
    try {
      return files.read(file);
    } catch (CgroupException e) {
      return "";
    }
  }

  KeyedValues keyed(Path file) {
    return new KeyedValues(text(file));
  }

  long number(Path file) {
    return number(text(file));
  }

  /** Long.MAX_VALUE for "max", UNKNOWN for what is no number. */
  long number(String text) {
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
  Optional<Pressure> pressure(Path file) {
    String text = text(file);
    return text.isEmpty() ? Optional.empty() : Optional.of(Pressure.parse(text));
  }
}
