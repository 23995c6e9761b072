package dev.hearth.shim;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What the shim does beside the container.
 *
 * @param control where it listens
 * @param exitRecord where it records the end; the folder must exist
 * @param log where the container's output goes, opened for appending
 * @param oomCounter looked at when the container has ended
 * @param writeAtExit written when the first process has ended: {@code cgroup.kill}, for what it has
 *     left in a PID namespace that is not its own
 * @param drain how long output is awaited after the end
 * @param cgroups of the shim itself
 * @param oomScoreAdjustment of the shim itself; one that cannot be set is a warning
 */
public record Supervision(
    Path control,
    Path exitRecord,
    Optional<Log> log,
    Optional<OomCounter> oomCounter,
    Optional<FileWrite> writeAtExit,
    Duration drain,
    CgroupJoins cgroups,
    OptionalInt oomScoreAdjustment) {
  public static final Duration DEFAULT_DRAIN = Duration.ofSeconds(2);

  /** As the peers have it, 16 KiB. */
  public static final int DEFAULT_LINE_LIMIT = 16384;

  private static final int MAX_LINE_LIMIT = 16384;

  public Supervision {
    if (!control.isAbsolute() || !exitRecord.isAbsolute()) {
      throw new IllegalArgumentException("not absolute: " + control + " or " + exitRecord);
    }
    if (drain.isNegative() || drain.compareTo(Duration.ofMinutes(1)) > 0) {
      throw new IllegalArgumentException("no time to drain output: " + drain);
    }
  }

  /** The least a shim needs. */
  public static Supervision of(Path control, Path exitRecord) {
    return new Supervision(
        control,
        exitRecord,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        DEFAULT_DRAIN,
        CgroupJoins.NONE,
        OptionalInt.empty());
  }

  /** The same with a log of lines of the usual length. */
  public Supervision withLog(Path path) {
    return new Supervision(
        control,
        exitRecord,
        Optional.of(new Log(path, DEFAULT_LINE_LIMIT)),
        oomCounter,
        writeAtExit,
        drain,
        cgroups,
        oomScoreAdjustment);
  }

  /**
   * A CRI log.
   *
   * @param lineLimit bytes after which a line is split
   */
  public record Log(Path path, int lineLimit) {
    public Log {
      if (!path.isAbsolute() || lineLimit < 1 || lineLimit > MAX_LINE_LIMIT) {
        throw new IllegalArgumentException("log " + path + " of lines of " + lineLimit);
      }
    }
  }

  /**
   * A counter of the OOM killer's, in lines of {@code key number}: v2 {@code memory.events}, v1
   * {@code memory.oom_control}, both with the key {@code oom_kill}.
   */
  public record OomCounter(Path path, String key) {
    public static OomCounter in(Path path) {
      return new OomCounter(path, "oom_kill");
    }
  }

  /** Something written into a file that exists. */
  public record FileWrite(Path path, String content) {}
}
