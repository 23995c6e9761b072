package dev.hearth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableList;
import dev.hearth.linux.testing.NeedsRoot;
import dev.hearth.proto.cri.v1.Container;
import dev.hearth.proto.cri.v1.ContainerConfig;
import dev.hearth.proto.cri.v1.ContainerFilter;
import dev.hearth.proto.cri.v1.ListContainersRequest;
import dev.hearth.proto.cri.v1.ListPodSandboxRequest;
import dev.hearth.proto.cri.v1.PodSandbox;
import dev.hearth.proto.cri.v1.PodSandboxConfig;
import dev.hearth.proto.cri.v1.PodSandboxFilter;
import dev.hearth.proto.cri.v1.PodSandboxState;
import dev.hearth.proto.cri.v1.PodSandboxStateValue;
import dev.hearth.proto.cri.v1.StreamContainersRequest;
import dev.hearth.proto.cri.v1.StreamContainersResponse;
import dev.hearth.proto.cri.v1.StreamPodSandboxesRequest;
import dev.hearth.proto.cri.v1.StreamPodSandboxesResponse;
import dev.hearth.testing.Pods;
import dev.hearth.testing.TestBed;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Lists longer than a message that clients take by default, whole and in parts. */
@NeedsRoot
class LongListsE2E {
  @RegisterExtension static final TestBed BED = new TestBed();

  private static final int MESSAGE_BYTES = 16 << 20;
  private static final int PODS = 72;
  private static final String NOTE = "n".repeat(240_000);

  private static String runPod(int number) {
    PodSandboxConfig pod =
        Pods.hostNetworkPod("long-" + number, BED.home().logs()).toBuilder()
            .putAnnotations("note", NOTE)
            .putLabels("parity", number % 2 == 0 ? "even" : "odd")
            .build();
    return BED.cri().runPod(pod);
  }

  @Test
  void aListBeyondSixteenMegabytesComesWholeAndInParts() {
    List<String> ids = IntStream.range(0, PODS).mapToObj(LongListsE2E::runPod).toList();

    List<PodSandbox> whole =
        BED.cri()
            .runtime()
            .withMaxInboundMessageSize(64 << 20)
            .listPodSandbox(ListPodSandboxRequest.getDefaultInstance())
            .getItemsList();
    List<StreamPodSandboxesResponse> parts =
        ImmutableList.copyOf(
            BED.cri().runtime().streamPodSandboxes(StreamPodSandboxesRequest.getDefaultInstance()));

    assertThat(whole.stream().mapToInt(PodSandbox::getSerializedSize).sum())
        .isGreaterThan(MESSAGE_BYTES);
    assertThat(whole.stream().map(PodSandbox::getId)).containsExactlyInAnyOrderElementsOf(ids);
    assertThat(parts).hasSizeGreaterThan(1).noneMatch(part -> part.getPodSandboxesCount() == 0);
    assertThat(parts.stream().flatMap(part -> part.getPodSandboxesList().stream()).toList())
        .isEqualTo(whole);
    ids.forEach(BED.cri()::removePod);
  }

  @Test
  void partsAreFilteredAsListsAre() {
    List<String> ids = IntStream.range(0, 3).mapToObj(LongListsE2E::runPod).toList();
    BED.cri().stopPod(ids.get(0));
    List<PodSandboxFilter> filters =
        List.of(
            PodSandboxFilter.newBuilder().setId(ids.get(1).substring(0, 20)).build(),
            PodSandboxFilter.newBuilder().putLabelSelector("parity", "even").build(),
            PodSandboxFilter.newBuilder()
                .setState(
                    PodSandboxStateValue.newBuilder().setState(PodSandboxState.SANDBOX_NOTREADY))
                .build(),
            PodSandboxFilter.newBuilder().setId("none").build());

    for (PodSandboxFilter filter : filters) {
      List<PodSandbox> whole =
          BED.cri()
              .runtime()
              .listPodSandbox(ListPodSandboxRequest.newBuilder().setFilter(filter).build())
              .getItemsList();
      List<PodSandbox> parts = new ArrayList<>();
      BED.cri()
          .runtime()
          .streamPodSandboxes(StreamPodSandboxesRequest.newBuilder().setFilter(filter).build())
          .forEachRemaining(part -> parts.addAll(part.getPodSandboxesList()));
      assertThat(parts).isEqualTo(whole);
    }
    ids.forEach(BED.cri()::removePod);
  }

  @Test
  void containersComeInPartsToo() {
    PodSandboxConfig pod = Pods.hostNetworkPod("many", BED.home().logs());
    String podId = BED.cri().runPod(pod);
    for (int i = 0; i < 3; i++) {
      ContainerConfig container =
          Pods.container("c" + i, BED.busybox(), "sleep", "1").toBuilder()
              .putAnnotations("note", NOTE)
              .build();
      var _ = BED.cri().create(podId, pod, container);
    }

    ContainerFilter filter = ContainerFilter.newBuilder().setPodSandboxId(podId).build();
    List<StreamContainersResponse> parts =
        ImmutableList.copyOf(
            BED.cri()
                .runtime()
                .streamContainers(StreamContainersRequest.newBuilder().setFilter(filter).build()));
    List<Container> whole =
        BED.cri()
            .runtime()
            .listContainers(ListContainersRequest.newBuilder().setFilter(filter).build())
            .getContainersList();
    assertThat(parts).hasSize(3);
    assertThat(parts.stream().flatMap(part -> part.getContainersList().stream()).toList())
        .isEqualTo(whole)
        .hasSize(3);
    BED.cri().removePod(podId);
  }
}
