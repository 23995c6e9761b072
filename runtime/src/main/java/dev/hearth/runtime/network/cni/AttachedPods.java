package dev.hearth.runtime.network.cni;

import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.model.PodId;
import dev.hearth.runtime.model.PortMapping;
import dev.hearth.runtime.network.HostPorts;
import dev.hearth.runtime.network.NetworkException;
import dev.hearth.runtime.store.RecordStore;
import dev.hearth.runtime.store.StoreException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The records of pods that plugins have connected, in memory and on disk. Writes are not flushed: a
 * record that a power failure tears still tells by its name whose addresses have to be given back.
 *
 * <p>Thread-safe: its monitor guards the map; each pod's record is written by one thread at a time.
 */
final class AttachedPods {
  private final RecordStore<AttachedPod> store;
  private final Map<PodId, AttachedPod> pods = new LinkedHashMap<>();
  private final List<PodId> torn = new ArrayList<>();

  private AttachedPods(RecordStore<AttachedPod> store) {
    this.store = store;
  }

  /**
   * Opens the records.
   *
   * @param directory created when absent
   */
  static AttachedPods open(Path directory) throws NetworkException {
    try {
      AttachedPods book =
          new AttachedPods(RecordStore.open(directory, "network", 1, AttachedPod.class, false));
      RecordStore.Loaded<AttachedPod> loaded = book.store.load();
      loaded.records().values().forEach(pod -> book.pods.put(pod.pod(), pod));
      for (RecordStore.SetAside aside : loaded.setAside()) {
        try {
          book.torn.add(new PodId(aside.name()));
        } catch (HearthException.InvalidRequest _) {
          // Not a file of ours; it lies aside.
        }
      }
      return book;
    } catch (StoreException e) {
      throw new NetworkException.Storage("cannot read the networks of pods", e);
    }
  }

  /** Pods whose records could not be read when the book was opened, once. */
  synchronized List<PodId> takeTorn() {
    List<PodId> taken = List.copyOf(torn);
    torn.clear();
    return taken;
  }

  /** Whether there is, or was, a record of a pod. */
  synchronized boolean knows(PodId pod) {
    return pods.containsKey(pod) || torn.contains(pod);
  }

  /**
   * Makes the first record of a pod.
   *
   * @throws NetworkException.HostPortTaken if another pod has one of its ports
   */
  void enter(AttachedPod pod) throws NetworkException {
    synchronized (this) {
      for (AttachedPod other : pods.values()) {
        requireApart(pod, other);
      }
      pods.put(pod.pod(), pod);
    }
    try {
      store.write(pod.pod().value(), pod);
    } catch (StoreException e) {
      synchronized (this) {
        pods.remove(pod.pod());
      }
      throw new NetworkException.Storage("cannot record the network of pod " + pod.pod(), e);
    }
  }

  private static void requireApart(AttachedPod pod, AttachedPod other) throws NetworkException {
    if (other.pod().equals(pod.pod())) {
      return;
    }
    for (PortMapping theirs : other.hostPorts()) {
      for (PortMapping ours : pod.hostPorts()) {
        if (HostPorts.collide(theirs, ours)) {
          throw new NetworkException.HostPortTaken(
              "host port " + HostPorts.describe(ours) + " is taken by pod " + other.pod());
        }
      }
    }
  }

  /** Replaces the record of a pod. */
  void replace(AttachedPod pod) throws NetworkException {
    settle(pod);
    try {
      store.write(pod.pod().value(), pod);
    } catch (StoreException e) {
      throw new NetworkException.Storage("cannot record the network of pod " + pod.pod(), e);
    }
  }

  /** Replaces what is known of a pod for as long as this daemon lives. */
  synchronized void settle(AttachedPod pod) {
    pods.put(pod.pod(), pod);
  }

  /** Forgets a pod of which nothing is left. */
  void remove(PodId pod) throws NetworkException {
    try {
      store.delete(pod.value());
    } catch (StoreException e) {
      throw new NetworkException.Storage("cannot forget the network of pod " + pod, e);
    }
    synchronized (this) {
      pods.remove(pod);
    }
  }

  synchronized Optional<AttachedPod> find(PodId pod) {
    return Optional.ofNullable(pods.get(pod));
  }

  synchronized List<AttachedPod> all() {
    return List.copyOf(pods.values());
  }
}
