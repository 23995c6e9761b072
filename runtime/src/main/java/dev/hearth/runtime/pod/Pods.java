package dev.hearth.runtime.pod;

import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.model.Index;
import dev.hearth.runtime.model.PodId;
import dev.hearth.runtime.model.PodMetadata;
import dev.hearth.runtime.model.PodRecord;
import dev.hearth.runtime.model.PodSpec;
import dev.hearth.runtime.model.PodState;
import dev.hearth.runtime.store.RecordStore;
import java.time.Instant;
import java.util.Collection;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Supplier;

/** The sandboxes of this node. Thread-safe. */
public final class Pods {
  private final RecordStore<PodRecord> store;
  private final Index<Pod> byId = new Index<>("pod sandbox");
  private final ConcurrentMap<PodMetadata, Pod> byMetadata = new ConcurrentHashMap<>();

  public Pods(RecordStore<PodRecord> store) {
    this.store = store;
  }

  public Collection<Pod> all() {
    return byId.all();
  }

  /** By id or unique prefix of it. */
  public Optional<Pod> find(String id) {
    return byId.find(id);
  }

  /** By id or unique prefix of it, or {@link HearthException.NotFound}. */
  public Pod require(String id) {
    return byId.require(id);
  }

  /** Takes a sandbox in that start-up found recorded. */
  public Pod adopt(PodRecord record) {
    Pod pod = new Pod(store, record, true);
    byMetadata.put(record.spec().metadata(), pod);
    byId.put(record.id().value(), pod);
    return pod;
  }

  /**
   * The sandbox of that metadata, or a new one, not recorded yet and in no list until {@link
   * #publish}. Two callers with the same metadata get the same one, and its lock orders them.
   */
  Pod claim(PodSpec spec, Supplier<PodId> ids, Instant now) {
    return byMetadata.computeIfAbsent(
        spec.metadata(),
        metadata ->
            new Pod(store, new PodRecord(ids.get(), spec, now, new PodState.Creating()), false));
  }

  void publish(Pod pod) {
    byId.put(pod.id().value(), pod);
  }

  void withdraw(Pod pod) {
    byId.remove(pod.id().value(), pod);
    byMetadata.remove(pod.spec().metadata(), pod);
  }
}
