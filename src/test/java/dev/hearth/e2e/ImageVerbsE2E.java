package dev.hearth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.linux.testing.NeedsRoot;
import dev.hearth.proto.cri.v1.FilesystemUsage;
import dev.hearth.proto.cri.v1.Image;
import dev.hearth.proto.cri.v1.ImageFsInfoRequest;
import dev.hearth.proto.cri.v1.ImageSpec;
import dev.hearth.proto.cri.v1.ImageStatusRequest;
import dev.hearth.proto.cri.v1.ListImagesRequest;
import dev.hearth.testing.Await;
import dev.hearth.testing.Pods;
import dev.hearth.testing.TestBed;
import dev.hearth.testing.TestImage.Format;
import dev.hearth.testing.TestImages;
import dev.hearth.testing.TestLayer;
import dev.hearth.testing.TestLayer.Compression;
import dev.hearth.testing.TestPod;
import io.grpc.Status;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * What becomes of images while their tags move, their containers run and the operator pins them.
 */
@NeedsRoot
class ImageVerbsE2E {
  @RegisterExtension static final TestBed BED = new TestBed();

  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final int BIG = 8 << 20;

  /** Pushes busybox with one more layer of noise, so that every size makes another image. */
  private static String push(String name, int bytes) throws IOException {
    var noise = new byte[bytes];
    new Random(bytes).nextBytes(noise);
    var images = new TestImages(BED.folder().resolve("more-images"));
    List<TestLayer> layers = new ArrayList<>(images.busyboxLayers(Compression.GZIP));
    layers.add(images.layer(Compression.GZIP, tar -> tar.file("noise", 0644, noise)));
    return BED.registry().push(name, images.image(Format.OCI, TestImages.running("sh"), layers));
  }

  private static Image image(String name) {
    return BED.cri()
        .images()
        .imageStatus(
            ImageStatusRequest.newBuilder().setImage(ImageSpec.newBuilder().setImage(name)).build())
        .getImage();
  }

  private static List<String> ids() {
    return BED
        .cri()
        .images()
        .listImages(ListImagesRequest.getDefaultInstance())
        .getImagesList()
        .stream()
        .map(Image::getId)
        .toList();
  }

  @Test
  void aTagThatMovesLeavesTheImageItNamedToTheContainersOfIt() throws IOException {
    String tag = push("hearth/moving:latest", 1000);
    String first = BED.cri().pull(tag);
    try (TestPod pod = TestPod.of(BED, "moving", linux -> {})) {
      String id = pod.start(Pods.container("one", tag, "sleep", "1000"));
      push("hearth/moving:latest", 1001);
      String second = BED.cri().pull(tag);

      assertThat(second).isNotEqualTo(first);
      assertThat(image(tag).getId()).isEqualTo(second);
      assertThat(image(first).getRepoTagsList()).isEmpty();
      assertThat(image(second).getRepoTagsList()).containsExactly(tag);
      assertThat(image(first).getRepoDigestsList()).hasSize(1);
      assertThat(BED.cri().status(id).getImageId()).isEqualTo(first);
      assertThat(BED.cri().exec(id, "wc", "-c", "/noise").getStdout().toStringUtf8())
          .isEqualTo("1000 /noise\n");
      String other = pod.start(Pods.container("two", tag, "sleep", "1000"));
      assertThat(BED.cri().exec(other, "wc", "-c", "/noise").getStdout().toStringUtf8())
          .isEqualTo("1001 /noise\n");
    }
    BED.cri().removeImage(first);
    assertThat(ids()).contains(image(tag).getId()).doesNotContain(first);
    BED.cri().removeImage(tag);
  }

  @Test
  void whatTheOperatorPinsIsToldSoAndWhatHeDoesNotIsNot() throws IOException {
    String pinned = push("hearth/pinned:1", 1002);
    String other = push("hearth/other:1", 1003);
    BED.cri().pull(pinned);
    BED.cri().pull(other);
    assertThat(image(pinned).getPinned()).isFalse();
    BED.daemon().stop();
    Files.writeString(
        BED.home().configuration(),
        "[images]\npinned = [\"" + BED.registry().host() + "/hearth/pinned:*\"]\n",
        StandardOpenOption.APPEND);
    BED.daemon().startAgain();

    assertThat(image(pinned).getPinned()).isTrue();
    assertThat(image(other).getPinned()).isFalse();
    // The pin is a request to the kubelet; who asks for the removal gets it.
    BED.cri().removeImage(pinned);
    assertThat(image(pinned).getId()).isEmpty();
    BED.cri().removeImage(other);
  }

  private static FilesystemUsage images() {
    return BED.cri()
        .images()
        .imageFsInfo(ImageFsInfoRequest.getDefaultInstance())
        .getImageFilesystems(0);
  }

  private static FilesystemUsage containers() {
    return BED.cri()
        .images()
        .imageFsInfo(ImageFsInfoRequest.getDefaultInstance())
        .getContainerFilesystems(0);
  }

  @Test
  void theFileSystemIsToldWithWhatImagesAndContainersHaveAddedToIt() throws IOException {
    String big = push("hearth/big:1", BIG);
    long before = images().getUsedBytes().getValue();
    BED.cri().pull(big);
    assertThat(images().getUsedBytes().getValue()).isBetween(before + BIG, before + 2L * BIG);
    assertThat(images().getTimestamp()).isPositive();
    try (TestPod pod = TestPod.of(BED, "writer", linux -> {})) {
      long unwritten = containers().getUsedBytes().getValue();
      String id = pod.start(Pods.container("writer", BED.busybox(), "sleep", "1000"));
      BED.cri().exec(id, "dd", "if=/dev/urandom", "of=/written", "bs=1M", "count=4");
      Await.until(
          () -> "what is written to be counted, not " + containers(),
          LIMIT,
          () -> containers().getUsedBytes().getValue() >= unwritten + (4 << 20));
    }
    BED.cri().removeImage(big);
    Await.until(
        () -> "the image's room to be free, not " + images(),
        LIMIT,
        () -> images().getUsedBytes().getValue() <= before);
  }

  @Test
  void aContainerKeepsTheFilesOfAnImageThatIsRemoved() throws IOException {
    String name = push("hearth/gone:1", 1004);
    BED.cri().pull(name);
    try (TestPod pod = TestPod.of(BED, "keeper", linux -> {})) {
      String id = pod.create(Pods.container("keeper", name, "sleep", "1000"));
      BED.cri().removeImage(name);
      assertThat(image(name).getId()).isEmpty();
      BED.cri().start(id);
      assertThat(BED.cri().exec(id, "wc", "-c", "/noise").getStdout().toStringUtf8())
          .isEqualTo("1004 /noise\n");
      Status refusal =
          TestPod.refusal(() -> pod.create(Pods.container("late", name, "sleep", "1000")));
      assertThat(refusal.getCode()).isEqualTo(Status.Code.NOT_FOUND);
    }
  }
}
