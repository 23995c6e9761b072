package dev.hearth.runtime.recovery;

import dev.hearth.runtime.model.ContainerId;
import dev.hearth.runtime.model.ContainerMetadata;
import dev.hearth.runtime.model.ContainerRecord;
import dev.hearth.runtime.model.ContainerSpec;
import dev.hearth.runtime.model.ContainerState;
import dev.hearth.runtime.model.Digest;
import dev.hearth.runtime.model.ImageConfig;
import dev.hearth.runtime.model.NamespaceOptions;
import dev.hearth.runtime.model.PodId;
import dev.hearth.runtime.model.ProcessUser;
import dev.hearth.runtime.model.Resources;
import dev.hearth.runtime.model.SecurityContext;
import dev.hearth.runtime.model.SecurityProfile;
import dev.hearth.runtime.model.SelinuxLabel;
import dev.hearth.runtime.model.UserNamespace;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Records as start-up finds them. */
final class Records {
  static final Instant CREATED = Instant.parse("2026-01-01T00:00:00Z");

  private Records() {}

  static ContainerRecord container(ContainerState state) {
    return container(state, Map.of(), Optional.empty());
  }

  static ContainerRecord container(Map<String, String> labels) {
    return container(new ContainerState.Created(), labels, Optional.empty());
  }

  static ContainerRecord container(UserNamespace users) {
    return container(new ContainerState.Created(), Map.of(), Optional.of(users));
  }

  private static ContainerRecord container(
      ContainerState state, Map<String, String> labels, Optional<UserNamespace> users) {
    NamespaceOptions pod = NamespaceOptions.POD;
    return new ContainerRecord(
        new ContainerId("c".repeat(64)),
        new PodId("a".repeat(64)),
        new ContainerSpec(
            new ContainerMetadata("c", 0),
            "busybox",
            "",
            List.of(),
            List.of(),
            "",
            List.of(),
            List.of(),
            List.of(),
            List.of(),
            labels,
            Map.of(),
            "",
            false,
            false,
            false,
            Resources.NONE,
            new SecurityContext(
                List.of(),
                List.of(),
                List.of(),
                false,
                new NamespaceOptions(
                    pod.network(), pod.pid(), pod.ipc(), pod.targetContainer(), users),
                SelinuxLabel.NONE,
                Optional.empty(),
                Optional.empty(),
                "",
                false,
                List.of(),
                SecurityContext.GroupsPolicy.MERGE,
                false,
                List.of(),
                List.of(),
                SecurityProfile.UNCONFINED,
                Optional.empty()),
            ""),
        Digest.sha256("0".repeat(64)),
        "busybox",
        new ImageConfig(
            "amd64", "linux", List.of(), List.of(), List.of(), "", "", "", Map.of(), List.of(),
            List.of(), List.of()),
        new ProcessUser(0, 0, List.of(), "/"),
        CREATED,
        state,
        Optional.empty());
  }
}
