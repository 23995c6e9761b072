package dev.hearth.runtime.container;

import dev.hearth.runtime.model.ContainerId;
import dev.hearth.runtime.model.ContainerMetadata;
import dev.hearth.runtime.model.ContainerRecord;
import dev.hearth.runtime.model.Index;
import dev.hearth.runtime.model.PodId;
import dev.hearth.runtime.store.RecordStore;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Function;

/** The containers of this node. Thread-safe. */
public final class Containers {
  /** What makes two requests ask for the same container. */
  private record Name(PodId pod, ContainerMetadata metadata) {}

  private final RecordStore<ContainerRecord> store;
  private final Index<Container> byId = new Index<>("container");
  private final ConcurrentMap<Name, Container> byName = new ConcurrentHashMap<>();

  public Containers(RecordStore<ContainerRecord> store) {
    this.store = store;
  }

  public Collection<Container> all() {
    return byId.all();
  }

  public List<Container> of(PodId pod) {
    return byId.all().stream().filter(container -> container.podId().equals(pod)).toList();
  }

  /** By id or unique prefix of it. */
  public Optional<Container> find(String id) {
    return byId.find(id);
  }

  /** By id or unique prefix of it, or {@link dev.hearth.runtime.model.HearthException.NotFound}. */
  public Container require(String id) {
    return byId.require(id);
  }

  public Container require(ContainerId id) {
    return byId.require(id.value());
  }

  /** Takes a container in that start-up found recorded. */
  public Container adopt(ContainerRecord record) {
    Container container = new Container(store, record, true);
    byName.put(new Name(record.podId(), record.spec().metadata()), container);
    byId.put(record.id().value(), container);
    return container;
  }

  /**
   * The container of that name in the pod, or a new one, not recorded yet and in no list until
   * {@link #publish}. Two callers with the same name get the same one, and its lock orders them.
   */
  Container claim(
      PodId pod, ContainerMetadata metadata, Function<ContainerMetadata, ContainerRecord> first) {
    return byName.computeIfAbsent(
        new Name(pod, metadata), name -> new Container(store, first.apply(name.metadata()), false));
  }

  void publish(Container container) {
    byId.put(container.id().value(), container);
  }

  void withdraw(Container container) {
    byId.remove(container.id().value(), container);
    byName.remove(new Name(container.podId(), container.spec().metadata()), container);
  }
}
