package dev.hearth.runtime.recovery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.runtime.model.IdMapping;
import dev.hearth.runtime.model.PodId;
import dev.hearth.runtime.model.PodMetadata;
import dev.hearth.runtime.model.PodRecord;
import dev.hearth.runtime.model.PodState;
import dev.hearth.runtime.model.UserNamespace;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class UnreadablePodsTest {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:10Z");
  private static final PodId ID = new PodId("a".repeat(64));

  @Test
  void itsContainersTellWhoseItIs() {
    PodRecord pod =
        UnreadablePods.standIn(
            ID,
            List.of(
                Records.container(
                    Map.of(
                        "io.kubernetes.pod.name", "web",
                        "io.kubernetes.pod.namespace", "shop",
                        "io.kubernetes.pod.uid", "u-1",
                        "io.kubernetes.container.name", "main"))),
            NOW);

    assertThat(pod.id()).isEqualTo(ID);
    assertThat(pod.state()).isEqualTo(new PodState.Unreadable());
    assertThat(pod.spec().metadata()).isEqualTo(new PodMetadata("web", "shop", "u-1", 0));
    assertThat(pod.spec().labels())
        .containsOnlyKeys(
            "io.kubernetes.pod.name", "io.kubernetes.pod.namespace", "io.kubernetes.pod.uid");
    assertThat(pod.createdAt()).isEqualTo(Records.CREATED);
  }

  @Test
  void withoutContainersItHasANameAllTheSame() {
    PodRecord pod = UnreadablePods.standIn(ID, List.of(), NOW);

    assertThat(pod.spec().metadata())
        .isEqualTo(new PodMetadata("unreadable-aaaaaaaaaaaaa", "", "a".repeat(64), 0));
    assertThat(pod.createdAt()).isEqualTo(NOW);
  }

  @Test
  void itKeepsTheIdsOfItsContainers() {
    IdMapping range = new IdMapping(1_000_000, 0, 65_536);
    UserNamespace users = new UserNamespace(List.of(range), List.of(range));

    PodRecord pod = UnreadablePods.standIn(ID, List.of(Records.container(users)), NOW);

    assertThat(pod.spec().namespaces().user()).contains(users);
  }
}
