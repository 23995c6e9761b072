package dev.hearth.runtime.pod;

import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.model.IdMapping;
import dev.hearth.runtime.model.PodId;
import dev.hearth.runtime.model.UserNamespace;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Ids of the node for the user namespaces of pods that bring none of their own: 65,536 for each
 * pod, which no other pod of Hearth's has. Which are taken is in the records of the pods; kept here
 * are only those of pods that are being made. Thread-safe.
 */
public final class UserRanges {
  /** Ids of one pod: what programs, and the user nobody, count on (user_namespaces(7)). */
  private static final long LENGTH = 65_536;

  private final long first;
  private final int pods;

  /** Of pods that are in no list yet. */
  private final Map<PodId, UserNamespace> underWay = new HashMap<>();

  /**
   * @param first id of the first pod's root on the node
   * @param pods that there are ids for
   */
  public UserRanges(long first, int pods) {
    this.first = first;
    this.pods = pods;
  }

  /**
   * Ids for a pod that is being made, until {@link #settle}.
   *
   * @param others user namespaces of the pods in the list, whoever chose them. Asked for under the
   *     lock, since a pod that is settled must be found there
   * @throws HearthException.LimitReached if none are left
   */
  synchronized UserNamespace take(PodId pod, Supplier<Stream<UserNamespace>> others) {
    List<UserNamespace> taken = new ArrayList<>(others.get().toList());
    taken.addAll(underWay.values());
    List<IdMapping> ranges =
        taken.stream()
            .flatMap(one -> Stream.concat(one.uids().stream(), one.gids().stream()))
            .toList();
    for (int i = 0; i < pods; i++) {
      IdMapping range = new IdMapping(first + i * LENGTH, 0, LENGTH);
      if (ranges.stream().noneMatch(other -> overlap(range, other))) {
        UserNamespace users = new UserNamespace(List.of(range), List.of(range));
        underWay.put(pod, users);
        return users;
      }
    }
    throw new HearthException.LimitReached(
        "all ids for user namespaces are taken, those of "
            + pods
            + " pods from "
            + first
            + " on: remove pods, or configure more");
  }

  /** A pod that is being made brings its own ids: nobody else's from here on. */
  synchronized void hold(PodId pod, UserNamespace users) {
    underWay.put(pod, users);
  }

  /** The pod is in the list of pods, or was given up. */
  synchronized void settle(PodId pod) {
    underWay.remove(pod);
  }

  private static boolean overlap(IdMapping one, IdMapping other) {
    return one.hostId() < other.hostId() + other.length()
        && other.hostId() < one.hostId() + one.length();
  }
}
