package dev.hearth.runtime.snapshot;

import dev.hearth.runtime.model.ContainerId;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * What containers wrote, measured now and then on one thread in the background, so that whoever
 * asks for a hundred containers' statistics waits for no disk. Thread-safe.
 */
public final class UpperUsage {
  /** As often as the kubelet looks. */
  private static final Duration FRESH = Duration.ofSeconds(10);

  /** Measuring takes at most this part of the background thread's time. */
  private static final int SHARE = 20;

  /** The first measurement is made at once when it takes no more entries than a new one has. */
  private static final int AT_ONCE = 100;

  /**
   * A measurement.
   *
   * @param at when it was begun
   */
  public record Measured(DiskUsage usage, Instant at) {}

  private record Entry(@Nullable Measured last, Instant next, boolean running) {}

  private final ExecutorService background;
  private final InstantSource clock;
  private final Map<ContainerId, Entry> entries = new ConcurrentHashMap<>();

  UpperUsage(ExecutorService background, InstantSource clock) {
    this.background = background;
    this.clock = clock;
  }

  Optional<Measured> of(ContainerId container, Path upper) {
    Instant now = clock.instant();
    Entry entry = entries.get(container);
    if (entry == null) {
      Optional<Measured> small = measure(upper, AT_ONCE);
      if (small.isPresent()) {
        entries.put(container, new Entry(small.get(), now.plus(FRESH), false));
        return small;
      }
      entry = new Entry(null, now, false);
    }
    if (!entry.running() && !now.isBefore(entry.next())) {
      var started = new Entry(entry.last(), entry.next(), true);
      entries.put(container, started);
      try {
        background.execute(() -> measureAgain(container, upper, started));
      } catch (RejectedExecutionException e) {
        entries.put(container, entry); // the daemon is stopping
      }
    }
    return Optional.ofNullable(entry.last());
  }

  private void measureAgain(ContainerId container, Path upper, Entry started) {
    Instant begun = clock.instant();
    Optional<Measured> measured = measure(upper, Long.MAX_VALUE);
    Instant now = clock.instant();
    Measured last = measured.orElse(started.last());
    Duration took = Duration.between(begun, now);
    Duration pause = took.multipliedBy(SHARE);
    Instant next = now.plus(pause.compareTo(FRESH) > 0 ? pause : FRESH);
    // Not when it was forgotten in between.
    entries.replace(container, started, new Entry(last, next, false));
  }

  private Optional<Measured> measure(Path upper, long entriesAtMost) {
    Instant at = clock.instant();
    try {
      return TreeUsage.of(upper, entriesAtMost).map(usage -> new Measured(usage, at));
    } catch (IOException | DirectoryIteratorException e) {
      return Optional.empty(); // it is being removed, or the disk fails
    }
  }

  void forget(ContainerId container) {
    entries.remove(container);
  }
}
