package dev.hearth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.linux.testing.NeedsRoot;
import dev.hearth.proto.cri.v1.ContainerConfig;
import dev.hearth.proto.cri.v1.ImageSpec;
import dev.hearth.proto.cri.v1.Mount;
import dev.hearth.proto.cri.v1.NamespaceMode;
import dev.hearth.proto.cri.v1.PodSandboxConfig;
import dev.hearth.proto.cri.v1.PullImageRequest;
import dev.hearth.proto.cri.v1.RunPodSandboxRequest;
import dev.hearth.proto.cri.v1.StatusRequest;
import dev.hearth.testing.Pods;
import dev.hearth.testing.TestBed;
import dev.hearth.testing.TestPod;
import io.grpc.Status;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.groups.Tuple;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Runtime handlers by name, as RuntimeClasses give them. */
@NeedsRoot
class HandlersE2E {
  @RegisterExtension static final TestBed BED = new TestBed();

  /** In the configuration of every test's daemon. */
  private static final String OWN_USERS = "own-users";

  private static final long FIRST_ID = 300_000_000;
  private static final long IDS = 65_536;

  private static String run(PodSandboxConfig pod, String handler) {
    return BED.cri()
        .runtime()
        .runPodSandbox(
            RunPodSandboxRequest.newBuilder().setConfig(pod).setRuntimeHandler(handler).build())
        .getPodSandboxId();
  }

  private static PodSandboxConfig pod(String name) {
    return Pods.pod(name, BED.home().logs());
  }

  /** The first id of a pod on the node, as its status tells. */
  private static long root(String podId) {
    var users = BED.cri().podStatus(podId).getLinux().getNamespaces().getOptions();
    assertThat(users.getUsernsOptions().getUidsList())
        .isEqualTo(users.getUsernsOptions().getGidsList());
    return users.getUsernsOptions().getUids(0).getHostId();
  }

  private static String start(String podId, PodSandboxConfig pod, ContainerConfig container) {
    String id = BED.cri().create(podId, pod, container);
    BED.cri().start(id);
    return id;
  }

  private static String shell(String container, String script) {
    var result = BED.cri().exec(container, "sh", "-c", script);
    return result.getStdout().toStringUtf8() + result.getStderr().toStringUtf8();
  }

  @Test
  void aPodGetsAUserNamespaceThatNobodyAskedFor() throws Exception {
    Path volume = Files.createDirectories(BED.folder().resolve("volume"));
    Files.writeString(volume.resolve("file"), "the node's\n");
    PodSandboxConfig pod = pod("own");
    String podId = run(pod, OWN_USERS);
    long root = root(podId);
    ContainerConfig container =
        Pods.container("one", BED.busybox(), "sleep", "1000").toBuilder()
            .addMounts(
                Mount.newBuilder().setHostPath(volume.toString()).setContainerPath("/volume"))
            .build();
    String id = start(podId, pod, container);

    assertThat(root).isGreaterThanOrEqualTo(FIRST_ID);
    assertThat(shell(id, "cat /proc/self/uid_map /proc/self/gid_map | tr -s ' '"))
        .isEqualTo((" 0 " + root + " 65536\n").repeat(2));
    assertThat(Files.readString(Pods.processFolder(Pods.pid(BED.cri(), id)).resolve("status")))
        .contains("Uid:\t" + root + "\t" + root);
    assertThat(shell(id, "stat -c %u:%g /volume/file; echo more >>/volume/file; cat /volume/file"))
        .isEqualTo("0:0\nthe node's\nmore\n");
    assertThat(BED.cri().podStatus(podId).getRuntimeHandler()).isEqualTo(OWN_USERS);
    // What was asked for before is the same still.
    assertThat(run(pod, OWN_USERS)).isEqualTo(podId);
    assertThat(BED.cri().create(podId, pod, container)).isEqualTo(id);
    BED.cri().removePod(podId);
  }

  @Test
  void noTwoPodsHaveAnIdInCommonAlsoAfterARestart() throws Exception {
    List<String> pods = new ArrayList<>();
    pods.add(run(pod("one"), OWN_USERS));
    pods.add(run(pod("two"), OWN_USERS));
    BED.daemon().kill();
    BED.daemon().startAgain();
    pods.add(run(pod("three"), OWN_USERS));

    assertThat(pods.stream().map(HandlersE2E::root))
        .containsExactlyInAnyOrder(FIRST_ID, FIRST_ID + IDS, FIRST_ID + 2 * IDS);
    Status full = TestPod.refusal(() -> run(pod("four"), OWN_USERS));
    assertThat(full.getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
    long second = root(pods.get(1));
    // As the one before the restart left it.
    String id = start(pods.get(1), pod("two"), Pods.container("c", BED.busybox(), "sleep", "1000"));
    assertThat(shell(id, "cat /proc/self/uid_map | tr -s ' '"))
        .isEqualTo(" 0 " + second + " 65536\n");
    BED.cri().removePod(pods.get(1));
    pods.set(1, run(pod("four"), OWN_USERS));
    assertThat(root(pods.get(1))).isEqualTo(second);
    pods.forEach(BED.cri()::removePod);
  }

  @Test
  void plainPodsAreAsTheyAreAskedFor() {
    for (String handler : List.of("", "hearth")) {
      String podId = run(pod("plain-" + handler), handler);
      assertThat(BED.cri().podStatus(podId).getLinux().getNamespaces().getOptions())
          .matches(options -> !options.hasUsernsOptions());
      BED.cri().removePod(podId);
    }
  }

  @Test
  void aPodThatSharesTheNodesProcessesCannotHaveOwnUsers() {
    PodSandboxConfig.Builder pod = pod("host-pid").toBuilder();
    pod.getLinuxBuilder()
        .getSecurityContextBuilder()
        .getNamespaceOptionsBuilder()
        .setPid(NamespaceMode.NODE);

    Status refusal = TestPod.refusal(() -> run(pod.build(), OWN_USERS));

    assertThat(refusal.getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    assertThat(refusal.getDescription()).contains("user namespace");
  }

  @Test
  void anUnknownHandlerIsRefusedAndTheKnownAreNamed() {
    ImageSpec image =
        ImageSpec.newBuilder().setImage(BED.busybox()).setRuntimeHandler("absent").build();
    for (Status refusal :
        List.of(
            TestPod.refusal(() -> run(pod("absent"), "absent")),
            TestPod.refusal(() -> {
              var _ =
                  BED.cri()
                      .images()
                      .pullImage(PullImageRequest.newBuilder().setImage(image).build());
            }))) {
      assertThat(refusal.getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
      assertThat(refusal.getDescription()).contains("absent", "hearth", OWN_USERS);
    }
  }

  @Test
  void statusNamesThemAllAndTheDefaultHasNoName() {
    assertThat(
            BED.cri().runtime().status(StatusRequest.getDefaultInstance()).getRuntimeHandlersList())
        .extracting(
            handler -> handler.getName(),
            handler -> handler.getFeatures().getRecursiveReadOnlyMounts(),
            handler -> handler.getFeatures().getUserNamespaces())
        .containsExactly(
            Tuple.tuple("", true, true),
            Tuple.tuple("hearth", true, true),
            Tuple.tuple(OWN_USERS, true, true));
  }
}
