package dev.hearth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.linux.testing.NeedsRoot;
import dev.hearth.proto.cri.v1.ContainerConfig;
import dev.hearth.proto.cri.v1.Image;
import dev.hearth.proto.cri.v1.ListImagesRequest;
import dev.hearth.proto.cri.v1.PodSandboxConfig;
import dev.hearth.testing.Await;
import dev.hearth.testing.Crashes;
import dev.hearth.testing.Pods;
import dev.hearth.testing.TestBed;
import dev.hearth.testing.TestImage;
import dev.hearth.testing.TestImage.Format;
import dev.hearth.testing.TestImages;
import dev.hearth.testing.TestLayer;
import dev.hearth.testing.TestLayer.Compression;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The daemon dies right after each step of pulling, tagging and removing images. */
@NeedsRoot
class PullCrashIT {
  @RegisterExtension static final TestBed BED = new TestBed();

  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final String NAME = "hearth/said:1";

  @Test
  void everyStepOfAPullMayBeTheDaemonsLast() throws Exception {
    requireSteps("pull", this::beginPull);
  }

  @Test
  void everyStepOfReplacingAndRemovingImagesMayBeTheDaemonsLast() throws Exception {
    requireSteps("image", this::replace);
  }

  /** Pulls, or replaces and removes; then removes all. */
  private static void requireSteps(String failpoint, Crashes.Action call) throws Exception {
    Crashes.Action check = () -> requireSaid("goodbye");
    var steps =
        new Crashes(BED)
            .afterEachStep(_ ->
                List.of(
                    new Crashes.Verb(failpoint, call, () -> {}, check),
                    new Crashes.Verb(
                        "", PullCrashIT::removeAll, () -> {}, PullCrashIT::requireNone)));
    assertThat(steps).containsOnlyKeys(failpoint);
    assertThat(steps.get(failpoint)).isGreaterThan(2);
  }

  private static TestImage saying(TestImages images, String word) throws IOException {
    List<TestLayer> layers = new ArrayList<>(images.busyboxLayers(Compression.GZIP));
    layers.add(images.layer(Compression.GZIP, tar -> tar.file("said", 0644, word + "\n")));
    return images.image(Format.OCI, TestImages.running("cat", "/said"), layers);
  }

  private void beginPull() throws IOException {
    pull("goodbye");
  }

  private void replace() throws IOException {
    removeAll();
    pull("hello");
    pull("goodbye");
    assertThat(said()).hasSize(2);
    assertThat(said().stream().mapToInt(Image::getRepoTagsCount).sum()).isEqualTo(1);
  }

  private static void pull(String word) throws IOException {
    var images = new TestImages(BED.folder().resolve("said"));
    BED.cri().pull(BED.registry().push(NAME, saying(images, word)));
  }

  private static void removeAll() {
    said().forEach(image -> BED.cri().removeImage(image.getId()));
  }

  private static void requireNone() {
    assertThat(said()).isEmpty();
  }

  private static List<Image> said() {
    return BED
        .cri()
        .images()
        .listImages(ListImagesRequest.getDefaultInstance())
        .getImagesList()
        .stream()
        .filter(image -> image.getRepoDigestsList().toString().contains("hearth/said"))
        .toList();
  }

  private static void requireSaid(String word) throws IOException {
    PodSandboxConfig pod = Pods.pod("saying", BED.home().logs());
    ContainerConfig cat = Pods.container("cat", BED.registry().host() + "/" + NAME);
    Files.deleteIfExists(Pods.log(pod, cat));
    String podId = BED.cri().runPod(pod);
    BED.cri().start(BED.cri().create(podId, pod, cat));
    Await.until("the container to speak", LIMIT, () -> !Pods.logLines(pod, cat).isEmpty());
    assertThat(Pods.logLines(pod, cat).getFirst()).endsWith(" stdout F " + word);
    BED.cri().removePod(podId);
  }
}
