package dev.hearth.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.proto.cri.v1.ImageFsInfoRequest;
import dev.hearth.proto.cri.v1.ListImagesRequest;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What the kubelet does when the disk that Hearth tells it of runs full. */
@Alone
class EvictionClusterE2E {
  @RegisterExtension static final ClusterBed BED = new ClusterBed();

  @Test
  void aFullDiskCostsUnusedImagesAndThenThePodThatFilledIt() throws IOException {
    Cluster cluster = BED.cluster();
    cluster.removePods();
    String unused = cluster.push("hearth/unused:1");
    cluster.daemon().cri().pull(unused);
    assertThat(has(cluster, unused)).isTrue();
    try (KubePod pod =
        cluster.run(
            "fills-the-disk",
            """
            terminationGracePeriodSeconds: 1
            containers:
            - {name: main, image: IMAGE, command: [sh, -c, "dd if=/dev/zero of=/filled bs=1M count=780; while :; do sleep 1; done"]}
            """)) {
      pod.awaitPhase("Failed");
      assertThat(pod.get().at("status.reason").text()).isEqualTo("Evicted");
      // One that the kubelet has only just seen it takes at the second try.
      Cluster.await(() -> unused + " to go", () -> !has(cluster, unused));
      pod.delete(1);
      pod.awaitGone();
      Cluster.await(
          () -> "the pressure to go: " + cluster.node().at("status.conditions"),
          () -> Cluster.condition(cluster.node(), "DiskPressure").equals("False"));
      Cluster.await(() -> "the space to be free", () -> usedBytes(cluster) < 100 << 20);
    }
  }

  private static boolean has(Cluster cluster, String image) {
    return cluster
        .daemon()
        .cri()
        .images()
        .listImages(ListImagesRequest.getDefaultInstance())
        .getImagesList()
        .stream()
        .anyMatch(each -> each.getRepoTagsList().contains(image));
  }

  private static long usedBytes(Cluster cluster) {
    var info = cluster.daemon().cri().images().imageFsInfo(ImageFsInfoRequest.getDefaultInstance());
    return info.getImageFilesystems(0).getUsedBytes().getValue()
        + info.getContainerFilesystemsList().stream()
            .mapToLong(disk -> disk.getUsedBytes().getValue())
            .sum();
  }
}
