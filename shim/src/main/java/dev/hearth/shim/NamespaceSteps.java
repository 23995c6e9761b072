package dev.hearth.shim;

import dev.hearth.linux.Namespace;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;

/** Making and joining namespaces. */
final class NamespaceSteps {
  private NamespaceSteps() {}

  static void add(NamespaceSetup namespaces, List<Step> steps) {
    Set<Namespace> cloned = EnumSet.copyOf(namespaces.created());
    boolean ownCgroups = cloned.remove(Namespace.CGROUP);
    steps.add(new ShimStep.NewNamespaces(cloned));
    new TreeMap<>(namespaces.joined())
        .forEach((kind, path) -> steps.add(new ShimStep.JoinNamespace(kind, path)));
    if (namespaces.created().contains(Namespace.USER)) {
      IdMaps maps = namespaces.idMaps().orElseThrow();
      steps.add(new ShimStep.MapIds(IdMaps.text(maps.users()), IdMaps.text(maps.groups())));
    }
    if (namespaces.isUserNamespaced()) {
      // Root in there, or what is made in the container would be nobody's.
      steps.add(new ProcessStep.BecomeUser(0, 0, List.of()));
    }
    if (ownCgroups) {
      // Its root is the group the process is in, so only after that was joined.
      steps.add(new FileStep.Unshare(Set.of(Namespace.CGROUP)));
    }
    namespaces.hostName().ifPresent(name -> steps.add(new FileStep.SetHostName(name)));
  }
}
