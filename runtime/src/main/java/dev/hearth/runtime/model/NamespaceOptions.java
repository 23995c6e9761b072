package dev.hearth.runtime.model;

import java.util.Optional;

/**
 * Which namespaces are shared with whom. UTS always goes with the network.
 *
 * @param targetContainer id of the container whose PID namespace is joined; empty unless {@code
 *     pid} is TARGET
 * @param user the pod's own user namespace; absent means the node's
 */
public record NamespaceOptions(
    NamespaceMode network,
    NamespaceMode pid,
    NamespaceMode ipc,
    String targetContainer,
    Optional<UserNamespace> user) {

  /** What CRI's zero value means: everything is the pod's. */
  public static final NamespaceOptions POD =
      new NamespaceOptions(
          NamespaceMode.POD, NamespaceMode.POD, NamespaceMode.POD, "", Optional.empty());

  public NamespaceOptions {
    if (network == NamespaceMode.TARGET || ipc == NamespaceMode.TARGET) {
      throw new HearthException.InvalidRequest(
          "only the PID namespace can be that of a target container");
    }
    if ((pid == NamespaceMode.TARGET) == targetContainer.isEmpty()) {
      throw new HearthException.InvalidRequest(
          "PID namespace mode TARGET and a target container go together");
    }
    if (user.isPresent() && (pid == NamespaceMode.NODE || ipc == NamespaceMode.NODE)) {
      // Neither /proc nor /dev/mqueue of the node can be mounted by a root that is none there.
      throw new HearthException.InvalidRequest(
          "a pod with a user namespace cannot share the node's PID or IPC namespace");
    }
  }

  /** The same in a user namespace. */
  NamespaceOptions with(UserNamespace users) {
    return new NamespaceOptions(network, pid, ipc, targetContainer, Optional.of(users));
  }
}
