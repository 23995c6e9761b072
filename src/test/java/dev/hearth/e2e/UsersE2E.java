package dev.hearth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import dev.hearth.linux.testing.NeedsRoot;
import dev.hearth.proto.cri.v1.ContainerConfig;
import dev.hearth.proto.cri.v1.LinuxContainerSecurityContext;
import dev.hearth.proto.cri.v1.LinuxContainerUser;
import dev.hearth.proto.cri.v1.SupplementalGroupsPolicy;
import dev.hearth.testing.Pods;
import dev.hearth.testing.TestBed;
import dev.hearth.testing.TestImage.Format;
import dev.hearth.testing.TestImages;
import dev.hearth.testing.TestLayer;
import dev.hearth.testing.TestLayer.Compression;
import dev.hearth.testing.TestPod;
import io.grpc.Status;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Who a container's processes are, by the request and by files of images that nobody vouches for.
 */
@NeedsRoot
class UsersE2E {
  @RegisterExtension static final TestBed BED = new TestBed();

  private static final String SHOW = "id -u; id -g; id -G; echo $HOME";

  /** What the process itself sees, and what the status says of it. */
  private record Seen(List<String> inside, LinuxContainerUser told) {}

  private static Seen as(
      TestPod pod, String name, Consumer<LinuxContainerSecurityContext.Builder> edit) {
    ContainerConfig container =
        pod.script(name, SHOW, linux -> edit.accept(linux.getSecurityContextBuilder()));
    var ended = pod.run(container);
    return new Seen(pod.printed(container), ended.getUser().getLinux());
  }

  @Test
  void runsAsWhomTheRequestNames() {
    try (TestPod pod = TestPod.of(BED, "users", linux -> {})) {
      assertThat(as(pod, "nobody-said", security -> {}).inside)
          .containsExactly("0", "0", "0", "/root");
      assertThat(as(pod, "uid", s -> s.getRunAsUserBuilder().setValue(1000)).inside)
          .containsExactly("1000", "1000", "1000 2000", "/home/user");
      assertThat(as(pod, "unknown-uid", s -> s.getRunAsUserBuilder().setValue(4711)).inside)
          .containsExactly("4711", "0", "0", "/");
      assertThat(as(pod, "name", s -> s.setRunAsUsername("user")).inside)
          .containsExactly("1000", "1000", "1000 2000", "/home/user");
      Seen grouped =
          as(
              pod,
              "group",
              s -> {
                s.getRunAsUserBuilder().setValue(1000);
                s.getRunAsGroupBuilder().setValue(3000);
                s.addSupplementalGroups(4000);
              });
      assertThat(grouped.inside).containsExactly("1000", "3000", "3000 2000 4000", "/home/user");
      assertThat(grouped.told.getUid()).isEqualTo(1000);
      assertThat(grouped.told.getGid()).isEqualTo(3000);
      assertThat(grouped.told.getSupplementalGroupsList()).containsExactly(3000L, 2000L, 4000L);
    }
  }

  @Test
  void strictGroupsAreThoseOfTheRequestAlone() {
    try (TestPod pod = TestPod.of(BED, "strict", linux -> {})) {
      Seen seen =
          as(
              pod,
              "strict",
              s -> {
                s.getRunAsUserBuilder().setValue(1000);
                s.addSupplementalGroups(4000);
                s.setSupplementalGroupsPolicy(SupplementalGroupsPolicy.Strict);
              });
      assertThat(seen.inside).containsExactly("1000", "1000", "1000 4000", "/home/user");
      assertThat(seen.told.getSupplementalGroupsList()).containsExactly(1000L, 4000L);
    }
  }

  @Test
  void commandsInAContainerAreItsUser() {
    try (TestPod pod = TestPod.of(BED, "execs", linux -> {})) {
      String id =
          pod.start(
              pod.script(
                  "sleeper",
                  "exec sleep 1000",
                  linux -> {
                    linux.getSecurityContextBuilder().getRunAsUserBuilder().setValue(1000);
                    linux.getSecurityContextBuilder().addSupplementalGroups(4000);
                  }));
      assertThat(BED.cri().exec(id, "sh", "-c", SHOW).getStdout().toStringUtf8().lines())
          .containsExactly("1000", "1000", "1000 2000 4000", "/home/user");
    }
  }

  @Test
  void whoIsNotInTheImageOrMakesNoSenseIsRefused() {
    try (TestPod pod = TestPod.of(BED, "strangers", linux -> {})) {
      refused(pod, s -> s.setRunAsUsername("stranger"), "user stranger is not in the image");
      refused(pod, s -> s.getRunAsGroupBuilder().setValue(1), "run_as_group");
      refused(pod, s -> s.getRunAsUserBuilder().setValue(-1), "out of range");
      refused(pod, s -> s.getRunAsUserBuilder().setValue(0xFFFF_FFFFL), "out of range");
      refused(pod, s -> s.addSupplementalGroups(1L << 32), "out of range");
    }
  }

  private static void refused(
      TestPod pod, Consumer<LinuxContainerSecurityContext.Builder> edit, String why) {
    ContainerConfig container =
        pod.script("refused", SHOW, linux -> edit.accept(linux.getSecurityContextBuilder()));
    Status status = TestPod.refusal(() -> pod.create(container));
    assertThat(status.getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    assertThat(status.getDescription()).contains(why);
  }

  @Test
  void runsAsWhomTheImageNames() throws IOException {
    JsonObject run = TestImages.running("sh", "-c", SHOW);
    run.addProperty("User", "user:extra");
    String image = image("named", run, tar -> {});
    try (TestPod pod = TestPod.of(BED, "image-user", linux -> {})) {
      ContainerConfig container = Pods.container("of-image", image);
      var _ = pod.run(container);
      assertThat(pod.printed(container)).containsExactly("1000", "2000", "2000", "/home/user");
    }
    BED.cri().removeImage(image);
  }

  @Test
  void theNodesUsersAreOutOfAnImagesReach() throws IOException {
    // Up and out by a link, to the node's own file.
    String image =
        image(
            "linked",
            TestImages.running("sh"),
            tar -> tar.symlink("etc/passwd", "../../../../../../../../etc/passwd"));
    try (TestPod pod = TestPod.of(BED, "linked", linux -> {})) {
      // Debian's node has a user of that name; the image, in which the link leads to itself, none.
      assertNobody(pod, image, "daemon", Status.Code.INVALID_ARGUMENT);
    }
    BED.cri().removeImage(image);
  }

  @Test
  void filesThatAreNoneOrHaveNoEndAreNotWaitedFor() throws IOException {
    String pipe =
        image(
            "pipe",
            TestImages.running("sh"),
            tar ->
                tar.entry(
                    new TarArchiveEntry("etc/passwd", TarConstants.LF_FIFO), 0644, new byte[0]));
    String huge =
        image(
            "huge",
            TestImages.running("sh"),
            tar -> tar.file("etc/passwd", 0644, "a:\n".repeat(1 << 20)));
    try (TestPod pod = TestPod.of(BED, "hostile", linux -> {})) {
      assertNobody(pod, pipe, "user", Status.Code.INVALID_ARGUMENT);
      assertNobody(pod, huge, "user", Status.Code.INVALID_ARGUMENT);
    }
    BED.cri().removeImage(pipe);
    BED.cri().removeImage(huge);
  }

  private static void assertNobody(TestPod pod, String image, String user, Status.Code code) {
    ContainerConfig.Builder container = Pods.container("nobody", image, "true").toBuilder();
    container.getLinuxBuilder().getSecurityContextBuilder().setRunAsUsername(user);
    assertThat(TestPod.refusal(() -> pod.create(container.build())).getCode()).isEqualTo(code);
  }

  /** Busybox with one more layer. */
  private static String image(String name, JsonObject run, TestLayer.Content content)
      throws IOException {
    TestImages images = new TestImages(BED.folder().resolve("more-images"));
    List<TestLayer> layers = new ArrayList<>(images.busyboxLayers(Compression.GZIP));
    layers.add(images.layer(Compression.GZIP, content));
    String reference =
        BED.registry().push("hearth/" + name + ":1", images.image(Format.OCI, run, layers));
    BED.cri().pull(reference);
    return reference;
  }
}
