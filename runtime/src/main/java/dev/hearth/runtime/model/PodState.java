package dev.hearth.runtime.model;

import java.util.List;

/**
 * A sandbox's life.
 *
 * <pre>
 *   Creating -> Ready -> Stopped -> Removing -> (gone)
 *       \------------------^
 *   (unreadable record) -> Unreadable -> Stopped
 * </pre>
 *
 * <p>Creating is what a daemon killed in the middle of RunPodSandbox leaves behind; a repeat of the
 * request finishes it. Removing can only go on: its record is the last thing to disappear.
 */
public sealed interface PodState {
  /** The intent is recorded; namespaces, network and cgroup may exist or not. */
  record Creating() implements PodState {}

  /**
   * Everything a container needs is there.
   *
   * @param addresses of the pod, the primary one first; empty on the node's network
   */
  record Ready(List<String> addresses) implements PodState {
    public Ready {
      addresses = List.copyOf(addresses);
    }
  }

  /** Its containers are down and its network is given back, or was lost. */
  record Stopped() implements PodState {}

  /**
   * Its record could not be read at a start of the daemon, and this one stands in for it. What it
   * is like is not known and its containers go on; it can be stopped and removed.
   */
  record Unreadable() implements PodState {}

  /** Being taken away. */
  record Removing() implements PodState {}
}
