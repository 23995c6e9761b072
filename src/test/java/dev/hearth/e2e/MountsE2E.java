package dev.hearth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.linux.DetachedMounts;
import dev.hearth.linux.LinuxException;
import dev.hearth.linux.Mounts;
import dev.hearth.linux.Propagation;
import dev.hearth.linux.UnmountFlag;
import dev.hearth.linux.testing.NeedsRoot;
import dev.hearth.proto.cri.v1.ContainerConfig;
import dev.hearth.proto.cri.v1.ImageSpec;
import dev.hearth.proto.cri.v1.Mount;
import dev.hearth.proto.cri.v1.MountPropagation;
import dev.hearth.proto.cri.v1.NamespaceMode;
import dev.hearth.testing.TestBed;
import dev.hearth.testing.TestImage.Format;
import dev.hearth.testing.TestImages;
import dev.hearth.testing.TestLayer.Compression;
import dev.hearth.testing.TestPod;
import io.grpc.Status;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a container finds where something of the host or of an image is mounted. */
@NeedsRoot
class MountsE2E {
  @RegisterExtension static final TestBed BED = new TestBed();

  private final List<Path> mounted = new ArrayList<>();

  @AfterEach
  void unmount() throws LinuxException {
    for (Path path : mounted.reversed()) {
      Mounts.unmount(path, Set.of(UnmountFlag.DETACH));
    }
  }

  private Path tmpfs(Path at) throws IOException {
    Files.createDirectories(at);
    Mounts.mount("none", at, "tmpfs", Set.of(), "size=64k");
    mounted.add(at);
    return at;
  }

  /** A folder whose mounts the host passes on. */
  private Path shared(String name) throws IOException {
    Path folder = tmpfs(BED.folder().resolve(name));
    DetachedMounts.change(folder, DetachedMounts.Change.propagating(Propagation.SHARED), false);
    return folder;
  }

  private static Mount.Builder mount(Path from, String to) {
    return Mount.newBuilder().setHostPath(from.toString()).setContainerPath(to);
  }

  private static ContainerConfig.Builder sleeper(TestPod pod, String name) {
    return pod.script(name, "sleep 1000", linux -> {}).toBuilder();
  }

  private static String shell(String container, String script) {
    var result = BED.cri().exec(container, "sh", "-c", "exec 2>&1; " + script);
    return result.getStdout().toStringUtf8();
  }

  @Test
  void aRecursivelyReadOnlyMountIsReadOnlyToItsLeaves() throws Exception {
    Path source = BED.folder().resolve("tree");
    tmpfs(source.resolve("below"));
    try (TestPod pod = TestPod.of(BED, "recursive", linux -> {})) {
      Mount.Builder recursive = mount(source, "/all").setReadonly(true).setRecursiveReadOnly(true);
      String id =
          pod.start(
              sleeper(pod, "one")
                  .addMounts(recursive)
                  .addMounts(mount(source, "/top").setReadonly(true))
                  .build());
      assertThat(shell(id, "touch /all/x; touch /all/below/x; touch /top/x"))
          .contains("/all/x: Read-only", "/all/below/x: Read-only", "/top/x: Read-only");
      assertThat(shell(id, "touch /top/below/x && echo written")).isEqualTo("written\n");
      for (Mount.Builder wrong :
          List.of(
              recursive.clone().setReadonly(false),
              recursive.clone().setPropagation(MountPropagation.PROPAGATION_HOST_TO_CONTAINER),
              recursive.clone().setPropagation(MountPropagation.PROPAGATION_BIDIRECTIONAL))) {
        assertThat(
                TestPod.refusal(() -> pod.create(sleeper(pod, "two").addMounts(wrong).build()))
                    .getCode())
            .isEqualTo(Status.Code.INVALID_ARGUMENT);
      }
    }
  }

  @Test
  void mountsTravelAsAsked() throws Exception {
    Path host = shared("travel");
    try (TestPod pod =
        TestPod.of(BED, "travel", linux -> linux.getSecurityContextBuilder().setPrivileged(true))) {
      ContainerConfig.Builder container = sleeper(pod, "one");
      container.getLinuxBuilder().getSecurityContextBuilder().setPrivileged(true);
      String id =
          pod.start(
              container
                  .addMounts(mount(host, "/private"))
                  .addMounts(
                      mount(host, "/slave")
                          .setPropagation(MountPropagation.PROPAGATION_HOST_TO_CONTAINER))
                  .addMounts(
                      mount(host, "/both")
                          .setPropagation(MountPropagation.PROPAGATION_BIDIRECTIONAL))
                  .build());
      Files.createFile(tmpfs(host.resolve("later")).resolve("file"));
      assertThat(shell(id, "ls /private/later /slave/later /both/later"))
          .isEqualTo("/both/later:\nfile\n\n/private/later:\n\n/slave/later:\nfile\n");
      assertThat(
              shell(
                  id,
                  "for i in private slave both; do mkdir /$i/of-$i;"
                      + " mount -t tmpfs none /$i/of-$i && touch /$i/of-$i/file; done"))
          .isEmpty();
      assertThat(host.resolve("of-private/file")).doesNotExist();
      assertThat(host.resolve("of-slave/file")).doesNotExist();
      assertThat(host.resolve("of-both/file")).exists();
      mounted.add(host.resolve("of-both"));
    }
  }

  @Test
  void mountOptionsApplyToTheMount() throws Exception {
    Path source = Files.createDirectory(BED.folder().resolve("options"));
    Files.copy(Path.of("/bin/busybox"), source.resolve("busybox"));
    try (TestPod pod = TestPod.of(BED, "options", linux -> {})) {
      String id =
          pod.start(
              sleeper(pod, "one")
                  .addMounts(
                      mount(source, "/inert")
                          .addMountOptions("noexec")
                          .addMountOptions("nosuid")
                          .addMountOptions("nodev"))
                  .build());
      assertThat(shell(id, "/inert/busybox true")).contains("Permission denied");
      assertThat(shell(id, "grep ' /inert ' /proc/mounts")).contains("nosuid,nodev,noexec");
      assertThat(
              TestPod.refusal(() ->
                      pod.create(
                          sleeper(pod, "two")
                              .addMounts(mount(source, "/x").addMountOptions("upperdir=/"))
                              .build()))
                  .getCode())
          .isEqualTo(Status.Code.INVALID_ARGUMENT);
    }
  }

  private static String push(String name, TestImages images, String... links) throws IOException {
    var layers = new ArrayList<>(images.busyboxLayers(Compression.GZIP));
    layers.add(
        images.layer(
            Compression.GZIP,
            tar -> {
              for (int i = 0; i < links.length; i += 2) {
                tar.symlink(links[i], links[i + 1]);
              }
            }));
    String reference =
        BED.registry()
            .push(name, images.image(Format.OCI, TestImages.running("sh"), List.copyOf(layers)));
    BED.cri().pull(reference);
    return reference;
  }

  private static Mount.Builder image(String reference, String inside) {
    return Mount.newBuilder()
        .setContainerPath("/image")
        .setReadonly(true)
        .setImage(ImageSpec.newBuilder().setImage(reference))
        .setImageSubPath(inside);
  }

  @Test
  void anImageIsMountedWholeOrInPartAndLeadsNowhereElse() throws Exception {
    var images = new TestImages(BED.folder().resolve("volume-images"));
    String reference =
        push("hearth/volume:1", images, "srv/out", "/etc", "srv/up", "../../../../etc");
    String imageId = BED.cri().pull(reference);
    try (TestPod pod = TestPod.of(BED, "image", linux -> {})) {
      String whole = pod.start(sleeper(pod, "whole").addMounts(image(reference, "")).build());
      assertThat(shell(whole, "cat /image/srv/www/index.html; touch /image/x"))
          .contains("hearth\n", "Read-only");
      assertThat(shell(whole, "/image/bin/busybox echo runs")).isEqualTo("runs\n");
      assertThat(BED.cri().status(whole).getMounts(0).getImage().getImageRef()).isEqualTo(imageId);
      String part = pod.start(sleeper(pod, "part").addMounts(image(reference, "srv/www")).build());
      assertThat(shell(part, "ls /image")).isEqualTo("index.html\n");
      for (String link : List.of("srv/out", "srv/up", "../../etc")) {
        String through =
            pod.start(
                sleeper(pod, link.replace('/', '-').replace('.', '-'))
                    .addMounts(image(reference, link))
                    .build());
        // The image's own, in which the host's users are not.
        assertThat(shell(through, "cat /image/passwd")).contains("user:x:1000");
      }
      assertThat(
              TestPod.refusal(() ->
                      pod.create(
                          sleeper(pod, "absent").addMounts(image(reference, "no/such")).build()))
                  .getDescription())
          .contains("has no no/such");
      assertThat(
              TestPod.refusal(() ->
                      pod.create(
                          sleeper(pod, "writable")
                              .addMounts(image(reference, "").setReadonly(false))
                              .build()))
                  .getCode())
          .isEqualTo(Status.Code.INVALID_ARGUMENT);
      // Removed under its container it is seen on, and by no new one.
      BED.cri().removeImage(reference);
      assertThat(shell(whole, "cat /image/srv/www/index.html")).isEqualTo("hearth\n");
      assertThat(
              TestPod.refusal(() ->
                      pod.create(sleeper(pod, "late").addMounts(image(reference, "")).build()))
                  .getCode())
          .isEqualTo(Status.Code.NOT_FOUND);
    }
  }

  @Test
  void aMountTargetThatIsALinkStaysInTheContainer() throws Exception {
    Path victim = Files.createDirectory(BED.folder().resolve("victim"));
    Path source = Files.createDirectory(BED.folder().resolve("source"));
    Files.createFile(source.resolve("mark"));
    var images = new TestImages(BED.folder().resolve("hostile-images"));
    String reference =
        push(
            "hearth/hostile:1",
            images,
            "mnt/absolute",
            victim.toString(),
            "mnt/up",
            "../../../../../../../.." + victim,
            "mnt/dangling",
            "/no/such/folder",
            "mnt/self",
            "/proc/self/root" + victim,
            "mnt/cwd",
            "/proc/1/cwd");
    try (TestPod pod = TestPod.of(BED, "hostile", linux -> {})) {
      for (String name : List.of("absolute", "up", "dangling")) {
        ContainerConfig.Builder container = sleeper(pod, name);
        container.getImageBuilder().setImage(reference);
        String id =
            pod.start(container.addMounts(mount(source, "/mnt/" + name + "/deeper")).build());
        assertThat(shell(id, "ls /mnt/" + name + "/deeper")).isEqualTo("mark\n");
        assertThat(victim).isEmptyDirectory();
      }
      for (String name : List.of("self", "cwd")) {
        ContainerConfig.Builder container = sleeper(pod, name);
        container.getImageBuilder().setImage(reference);
        String id =
            pod.create(container.addMounts(mount(source, "/mnt/" + name + "/deeper")).build());
        // By a magic link: refused by the kernel, whatever it would have led to.
        assertThat(TestPod.refusal(() -> BED.cri().start(id)).getDescription())
            .contains("/mnt/" + name);
        assertThat(victim).isEmptyDirectory();
      }
    }
    BED.cri().removeImage(reference);
  }

  @Test
  void aDebugContainerSeesTheProcessesOfItsTarget() {
    try (TestPod pod = TestPod.of(BED, "target", linux -> {})) {
      String target = pod.start(pod.script("app", "exec sleep 1234", linux -> {}));
      ContainerConfig debug =
          pod.script(
              "debug",
              "ps -o args; ls /proc/1/root/bin/busybox",
              linux ->
                  linux
                      .getSecurityContextBuilder()
                      .getNamespaceOptionsBuilder()
                      .setPid(NamespaceMode.TARGET)
                      .setTargetId(target));
      String id = pod.start(debug);
      assertThat(pod.awaitEnd(id).getExitCode()).isZero();
      assertThat(pod.printed(debug)).contains("sleep 1234");
      // Its end is not the target's.
      assertThat(BED.cri().status(target).getState().name()).isEqualTo("CONTAINER_RUNNING");
      ContainerConfig lost =
          pod.script(
              "lost",
              "true",
              linux ->
                  linux
                      .getSecurityContextBuilder()
                      .getNamespaceOptionsBuilder()
                      .setPid(NamespaceMode.TARGET)
                      .setTargetId(id));
      assertThat(TestPod.refusal(() -> pod.create(lost)).getCode())
          .isEqualTo(Status.Code.FAILED_PRECONDITION);
    }
  }

  @Test
  void aPodMaySeeTheNodesProcessesMemoryOrNetwork() throws Exception {
    String own = Files.readSymbolicLink(Path.of("/proc/self/ns/net")).toString();
    try (TestPod pod =
        TestPod.of(
            BED,
            "node",
            linux ->
                linux
                    .getSecurityContextBuilder()
                    .getNamespaceOptionsBuilder()
                    .setPid(NamespaceMode.NODE)
                    .setIpc(NamespaceMode.NODE)
                    .setNetwork(NamespaceMode.NODE))) {
      ContainerConfig.Builder container = sleeper(pod, "one");
      container
          .getLinuxBuilder()
          .getSecurityContextBuilder()
          .setNamespaceOptions(pod.config().getLinux().getSecurityContext().getNamespaceOptions());
      String id = pod.start(container.build());
      assertThat(shell(id, "for i in net ipc pid uts; do readlink /proc/self/ns/$i; done").lines())
          .containsExactly(
              own,
              Files.readSymbolicLink(Path.of("/proc/self/ns/ipc")).toString(),
              Files.readSymbolicLink(Path.of("/proc/self/ns/pid")).toString(),
              Files.readSymbolicLink(Path.of("/proc/self/ns/uts")).toString());
      assertThat(shell(id, "ls -d /proc/" + BED.daemon().pid()).strip())
          .isEqualTo("/proc/" + BED.daemon().pid());
    }
  }
}
