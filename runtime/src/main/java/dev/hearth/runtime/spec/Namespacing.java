package dev.hearth.runtime.spec;

import dev.hearth.linux.Namespace;
import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.model.NamespaceMode;
import dev.hearth.runtime.model.NamespaceOptions;
import dev.hearth.runtime.model.PodSpec;
import dev.hearth.runtime.model.SecurityContext;
import dev.hearth.shim.IdMaps;
import dev.hearth.shim.NamespaceSetup;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Which namespaces a container makes and which it joins. */
final class Namespacing {
  private final boolean unifiedCgroups;

  Namespacing(boolean unifiedCgroups) {
    this.unifiedCgroups = unifiedCgroups;
  }

  NamespaceSetup setup(PodSpec pod, SecurityContext security, Surroundings around) {
    NamespaceOptions options = security.namespaces();
    if (!options.user().equals(pod.namespaces().user())) {
      throw new HearthException.InvalidRequest(
          "a container's user namespace must be that of its pod");
    }
    Set<Namespace> created = EnumSet.of(Namespace.MOUNT);
    Map<Namespace, Path> joined = new EnumMap<>(Namespace.class);
    if (options.network() != NamespaceMode.NODE) {
      // UTS goes with the network. A pod on the node's network has neither to join.
      join(joined, Namespace.NETWORK, around);
      join(joined, Namespace.UTS, around);
    }
    switch (options.ipc()) {
      case POD, TARGET -> join(joined, Namespace.IPC, around);
      case CONTAINER -> created.add(Namespace.IPC);
      case NODE -> {}
    }
    switch (options.pid()) {
      case POD -> joined.put(Namespace.PID, podPid(around));
      case CONTAINER -> created.add(Namespace.PID);
      case TARGET -> joined.put(Namespace.PID, targetPid(options, around));
      case NODE -> {}
    }
    Optional<IdMaps> idMaps = pod.namespaces().user().map(UserMaps::of);
    // On v1 nobody hides /proc/self/cgroup; a privileged container manages the node's groups, if it
    // may: in a user namespace it can mount but what belongs to that.
    if (unifiedCgroups && (!security.privileged() || idMaps.isPresent())) {
      created.add(Namespace.CGROUP);
    }
    if (idMaps.isPresent()) {
      join(joined, Namespace.USER, around);
    }
    return new NamespaceSetup(created, joined, idMaps, Optional.empty(), Map.of());
  }

  private static void join(Map<Namespace, Path> joined, Namespace kind, Surroundings around) {
    Path pin = around.podNamespaces().get(kind);
    if (pin != null) {
      joined.put(kind, pin);
    }
  }

  private static Path podPid(Surroundings around) {
    Path pin = around.podNamespaces().get(Namespace.PID);
    if (pin == null) {
      throw new HearthException.InvalidRequest(
          "the container asks for its pod's PID namespace, and the pod was made without one");
    }
    return pin;
  }

  private static Path targetPid(NamespaceOptions options, Surroundings around) {
    return around
        .targetPid()
        .orElseThrow(() ->
            new HearthException.WrongState(
                "container "
                    + options.targetContainer()
                    + " does not run: its processes"
                    + " cannot be looked at"));
  }
}
