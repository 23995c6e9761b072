package dev.hearth.shim;

import dev.hearth.linux.Namespace;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Namespaces owned by a new user namespace, pinned for containers to join. A JVM has too many
 * threads to make one.
 *
 * @param files where each is bound, made where absent; USER must be among them, MOUNT, PID and
 *     CGROUP cannot
 * @param hostName set in the UTS namespace, which must be a new one
 * @param settings files of /proc/sys and what is written to them, by the user namespace's root: the
 *     kernel lets nobody else change what belongs to it
 */
public record PinPlan(
    Map<Namespace, Path> files,
    IdMaps idMaps,
    Optional<String> hostName,
    Map<Path, String> settings) {
  private static final Set<Namespace> POSSIBLE =
      Set.of(Namespace.USER, Namespace.NETWORK, Namespace.IPC, Namespace.UTS);

  public PinPlan {
    if (!files.containsKey(Namespace.USER) || !POSSIBLE.containsAll(files.keySet())) {
      throw new IllegalArgumentException("namespaces to pin: " + files.keySet());
    }
    if (hostName.isPresent() && !files.containsKey(Namespace.UTS)) {
      throw new IllegalArgumentException("a host name without a namespace of its own");
    }
    files = Map.copyOf(files);
    settings = Map.copyOf(settings);
  }

  /** Namespaces as the kernel makes them. */
  public static PinPlan of(Map<Namespace, Path> files, IdMaps idMaps) {
    return new PinPlan(files, idMaps, Optional.empty(), Map.of());
  }

  Plan compile() {
    List<Step> steps = new ArrayList<>();
    steps.add(new ShimStep.NewNamespaces(files.keySet()));
    steps.add(new ShimStep.MapIds(IdMaps.text(idMaps.users()), IdMaps.text(idMaps.groups())));
    steps.add(new ProcessStep.BecomeUser(0, 0, List.of()));
    hostName.ifPresent(name -> steps.add(new FileStep.SetHostName(name)));
    new TreeMap<>(settings)
        .forEach((file, value) -> steps.add(new FileStep.WriteFile(file.toString(), value)));
    steps.add(ProcessStep.Plain.of(ProcessStep.Kind.PAUSE));
    new TreeMap<>(files).forEach((kind, path) -> steps.add(new ShimStep.Pin(kind, path)));
    return Plan.of(PlanKind.PIN, steps);
  }
}
