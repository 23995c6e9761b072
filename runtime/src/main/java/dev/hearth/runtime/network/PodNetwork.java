package dev.hearth.runtime.network;

import dev.hearth.runtime.model.PodId;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Connects pods that have a network namespace of their own. Pods on the host's network never come
 * here. Thread-safe; calls for one pod are ordered by the caller.
 */
public interface PodNetwork extends AutoCloseable {
  /**
   * Gives a pod its interface, addresses, routes and host ports. Done again for the same pod, it
   * mends what is missing and answers the same addresses. What fails leaves nothing behind but,
   * perhaps, an entry of {@link #pending}.
   *
   * @param netns where the pod's network namespace is pinned
   */
  NetworkAttachment attach(PodId pod, Path netns, PodNetworkRequest request)
      throws NetworkException;

  /**
   * Takes all of that away. Returns as soon as the pod's host ports are closed and the rest will be
   * done; what the kernel takes long for is finished in the background, retried when it fails, and
   * shown by {@link #pending} meanwhile. Nothing happens if there is nothing.
   *
   * @param netns where the namespace is pinned, if it still is
   */
  void detach(PodId pod, Optional<Path> netns) throws NetworkException;

  /**
   * Checks that what {@link #attach} made is still there.
   *
   * @throws NetworkException saying what is missing
   */
  void check(PodId pod, Path netns) throws NetworkException;

  /** Whether a pod could be connected now. Repairs what the network has in common for all pods. */
  NetworkStatus status();

  /** What is still to be taken away, oldest first. */
  List<PendingTeardown> pending();

  /**
   * Makes what there is agree with the pods there are: links, leases and host ports of others are
   * taken away. Called once after a restart, before the first {@link #attach}.
   *
   * @param live the pods that are to stay connected, and where their namespaces are pinned
   * @return what was found and done, a line each, for the log
   */
  List<String> reconcile(Map<PodId, Path> live) throws NetworkException;

  /**
   * What passed the interfaces of pods, from the pods' point of view. Those that are gone are left
   * out.
   *
   * @param pods and where their namespaces are pinned
   */
  Map<PodId, List<InterfaceStatistics>> statistics(Map<PodId, Path> pods) throws NetworkException;

  /**
   * How a pod is connected, for operators to read.
   *
   * @return a JSON object; empty if there is nothing to tell
   */
  default String details(PodId pod) {
    return "";
  }

  /** Namespaces made beforehand, for whoever makes those of pods. */
  default PreparedNamespaces prepared() {
    return PreparedNamespaces.NONE;
  }

  /**
   * Is told which part of the cluster's addresses is the node's. Networks that have addresses of
   * their own take no notice.
   *
   * @param podRanges at most one of each family
   */
  default void useRanges(List<IpPrefix> podRanges) throws NetworkException {}

  /** Ends background work; what it had left to do is found again by {@link #reconcile}. */
  @Override
  void close();
}
