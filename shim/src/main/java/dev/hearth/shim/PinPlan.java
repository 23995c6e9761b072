package dev.hearth.shim;

import dev.hearth.linux.Namespace;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Namespaces owned by a new user namespace, pinned for containers to join. A JVM has too many
 * threads to make one.
 *
 * @param files where each is bound, made where absent; USER must be among them, MOUNT, PID and
 *     CGROUP cannot
 */
public record PinPlan(Map<Namespace, Path> files, IdMaps idMaps) {
  private static final Set<Namespace> POSSIBLE =
      Set.of(Namespace.USER, Namespace.NETWORK, Namespace.IPC, Namespace.UTS);

  public PinPlan {
    if (!files.containsKey(Namespace.USER) || !POSSIBLE.containsAll(files.keySet())) {
      throw new IllegalArgumentException("namespaces to pin: " + files.keySet());
    }
    files = Map.copyOf(files);
  }

  Plan compile() {
    List<Step> steps = new ArrayList<>();
    steps.add(new ShimStep.NewNamespaces(files.keySet()));
    steps.add(new ShimStep.MapIds(IdMaps.text(idMaps.users()), IdMaps.text(idMaps.groups())));
    new TreeMap<>(files).forEach((kind, path) -> steps.add(new ShimStep.Pin(kind, path)));
    return Plan.of(PlanKind.PIN, steps);
  }
}
