package dev.hearth.runtime.cri;

import dev.hearth.proto.cri.v1.ContainerFilter;
import dev.hearth.proto.cri.v1.ContainerStatsFilter;
import dev.hearth.proto.cri.v1.PodSandboxFilter;
import dev.hearth.proto.cri.v1.PodSandboxStatsFilter;
import dev.hearth.runtime.model.ContainerRecord;
import dev.hearth.runtime.model.PodRecord;
import java.util.Map;

/** CRI's list filters. An empty field lets everything through; ids may be prefixes. */
final class Filters {
  private Filters() {}

  static boolean matches(PodSandboxFilter filter, PodRecord pod) {
    return pod.id().value().startsWith(filter.getId())
        && (!filter.hasState() || filter.getState().getState() == ToCri.state(pod.state()))
        && hasAll(pod.spec().labels(), filter.getLabelSelectorMap());
  }

  static boolean matches(PodSandboxStatsFilter filter, PodRecord pod) {
    return pod.id().value().startsWith(filter.getId())
        && hasAll(pod.spec().labels(), filter.getLabelSelectorMap());
  }

  static boolean matches(ContainerFilter filter, ContainerRecord container) {
    return container.id().value().startsWith(filter.getId())
        && container.podId().value().startsWith(filter.getPodSandboxId())
        && (!filter.hasState() || filter.getState().getState() == ToCri.state(container.state()))
        && hasAll(container.spec().labels(), filter.getLabelSelectorMap());
  }

  static boolean matches(ContainerStatsFilter filter, ContainerRecord container) {
    return container.id().value().startsWith(filter.getId())
        && container.podId().value().startsWith(filter.getPodSandboxId())
        && hasAll(container.spec().labels(), filter.getLabelSelectorMap());
  }

  private static boolean hasAll(Map<String, String> labels, Map<String, String> wanted) {
    return wanted.entrySet().stream()
        .allMatch(entry -> entry.getValue().equals(labels.get(entry.getKey())));
  }
}
