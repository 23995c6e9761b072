package dev.hearth.runtime.recovery;

import dev.hearth.runtime.model.ContainerRecord;
import dev.hearth.runtime.model.DnsConfig;
import dev.hearth.runtime.model.NamespaceOptions;
import dev.hearth.runtime.model.PodId;
import dev.hearth.runtime.model.PodMetadata;
import dev.hearth.runtime.model.PodRecord;
import dev.hearth.runtime.model.PodSpec;
import dev.hearth.runtime.model.PodState;
import dev.hearth.runtime.model.Resources;
import dev.hearth.runtime.model.SecurityProfile;
import dev.hearth.runtime.model.UserNamespace;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Stands in for a pod whose record cannot be read, so that its containers are not taken for
 * orphans, and it can be seen, stopped and removed.
 */
final class UnreadablePods {
  /** The labels by which the kubelet tells of every container whose pod it is. */
  private static final String LABELS = "io.kubernetes.pod.";

  private UnreadablePods() {}

  /**
   * What is known of it: its id, and what its containers carry.
   *
   * @param now when it was made, as far as anybody knows, if it has no containers
   */
  static PodRecord standIn(PodId id, List<ContainerRecord> containers, Instant now) {
    Map<String, String> labels = new TreeMap<>();
    for (ContainerRecord container : containers) {
      container
          .spec()
          .labels()
          .forEach((key, value) -> {
            if (key.startsWith(LABELS)) {
              labels.put(key, value);
            }
          });
    }
    String name = labels.getOrDefault(LABELS + "name", "");
    PodMetadata metadata =
        new PodMetadata(
            name.isEmpty() ? "unreadable-" + id.value().substring(0, 13) : name,
            labels.getOrDefault(LABELS + "namespace", ""),
            labels.getOrDefault(LABELS + "uid", id.value()),
            0);
    Instant made =
        containers.stream()
            .map(ContainerRecord::createdAt)
            .min(Comparator.naturalOrder())
            .orElse(now);
    return new PodRecord(
        id, spec(metadata, labels, users(containers)), made, new PodState.Unreadable());
  }

  /** Its ids, which no other pod may be given while its containers run. */
  private static Optional<UserNamespace> users(List<ContainerRecord> containers) {
    return containers.stream()
        .flatMap(container -> container.spec().security().namespaces().user().stream())
        .findFirst();
  }

  private static PodSpec spec(
      PodMetadata metadata, Map<String, String> labels, Optional<UserNamespace> users) {
    NamespaceOptions pod = NamespaceOptions.POD;
    return new PodSpec(
        metadata,
        "",
        "",
        "",
        new DnsConfig(List.of(), List.of(), List.of()),
        List.of(),
        labels,
        Map.of(),
        "",
        new NamespaceOptions(pod.network(), pod.pid(), pod.ipc(), pod.targetContainer(), users),
        false,
        Map.of(),
        SecurityProfile.UNCONFINED,
        Resources.NONE,
        Resources.NONE);
  }
}
