package dev.hearth.runtime.image;

import dev.hearth.runtime.model.Digest;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

/** Tells all who wait for one pull how it gets on; who comes late hears the state first. */
final class ProgressHub implements PullProgress {
  /** Between two events of one layer's download lie so many bytes at least. */
  private static final long STEP = 1 << 20;

  private final List<PullProgress> listeners = new CopyOnWriteArrayList<>();

  // Guarded by this.
  private final Map<Digest, Event> latest = new LinkedHashMap<>();

  void add(PullProgress listener) {
    List<Event> missed;
    synchronized (this) {
      missed = List.copyOf(latest.values());
      listeners.add(listener);
    }
    missed.forEach(event -> tell(listener, event));
  }

  void remove(PullProgress listener) {
    listeners.remove(listener);
  }

  @Override
  public void on(Event event) {
    synchronized (this) {
      Event before = latest.get(event.layer());
      if (before != null
          && before.phase() == event.phase()
          && event.received() != event.total()
          && Math.abs(event.received() - before.received()) < STEP) {
        return;
      }
      latest.put(event.layer(), event);
    }
    listeners.forEach(listener -> tell(listener, event));
  }

  /** A listener that fails hears no more; the pull goes on. */
  private void tell(PullProgress listener, Event event) {
    try {
      listener.on(event);
    } catch (RuntimeException e) {
      listeners.remove(listener);
    }
  }
}
