package dev.hearth.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.proto.cri.v1.ListPodSandboxRequest;
import dev.hearth.testing.Leftovers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A node as full as it is by default. */
@Alone
class ManyPodsClusterE2E {
  @RegisterExtension static final ClusterBed BED = new ClusterBed();

  private static final int PODS = 100;

  @Test
  void aHundredPodsAtOnceAreReadyAndGoTwiceAndNothingIsLeft() throws Exception {
    Cluster cluster = BED.cluster();
    cluster.removePods();
    awaitNoSandbox(cluster);
    Leftovers before = Leftovers.of(cluster.daemon().home());
    for (int time = 0; time < 2; time++) {
      Burst burst = Burst.of(cluster.api(), cluster.image(), PODS, () -> {});
      System.out.println(
          "%d pods Ready in %d ms, gone in %d ms"
              .formatted(PODS, burst.ready().toMillis(), burst.gone().toMillis()));
      awaitNoSandbox(cluster);
      Leftovers.assertNothingSince(before, cluster.daemon().home());
      Cluster.await(
          () -> "these to go: " + podFolders(cluster), () -> podFolders(cluster).isEmpty());
    }
    assertThat(cluster.daemon().log()).doesNotContain(" ERROR ");
  }

  /** The kubelet removes sandboxes of pods that are gone within a minute. */
  private static void awaitNoSandbox(Cluster cluster) {
    Cluster.await(
        () -> "the sandboxes to go",
        () ->
            cluster
                    .daemon()
                    .cri()
                    .runtime()
                    .listPodSandbox(ListPodSandboxRequest.getDefaultInstance())
                    .getItemsCount()
                == 0);
  }

  private static List<Path> podFolders(Cluster cluster) {
    try (Stream<Path> folders = Files.list(cluster.kubelet().root().resolve("pods"))) {
      return folders.toList();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
