package dev.hearth.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.hearth.linux.testing.NeedsRoot;
import dev.hearth.proto.cri.v1.ContainerConfig;
import dev.hearth.proto.cri.v1.ContainerState;
import dev.hearth.proto.cri.v1.LinuxContainerResources;
import dev.hearth.proto.cri.v1.ListPodSandboxRequest;
import dev.hearth.proto.cri.v1.PodSandboxConfig;
import dev.hearth.proto.cri.v1.UpdateContainerResourcesRequest;
import dev.hearth.proto.cri.v1.UpdatePodSandboxResourcesRequest;
import dev.hearth.proto.nri.v1alpha1.ConfigureResponse;
import dev.hearth.proto.nri.v1alpha1.Container;
import dev.hearth.proto.nri.v1alpha1.ContainerAdjustment;
import dev.hearth.proto.nri.v1alpha1.ContainerUpdate;
import dev.hearth.proto.nri.v1alpha1.CreateContainerResponse;
import dev.hearth.proto.nri.v1alpha1.FailurePolicy;
import dev.hearth.proto.nri.v1alpha1.Hook;
import dev.hearth.proto.nri.v1alpha1.Hooks;
import dev.hearth.proto.nri.v1alpha1.KeyValue;
import dev.hearth.proto.nri.v1alpha1.LinuxCPU;
import dev.hearth.proto.nri.v1alpha1.LinuxContainerAdjustment;
import dev.hearth.proto.nri.v1alpha1.LinuxContainerUpdate;
import dev.hearth.proto.nri.v1alpha1.LinuxDevice;
import dev.hearth.proto.nri.v1alpha1.LinuxPids;
import dev.hearth.proto.nri.v1alpha1.LinuxResources;
import dev.hearth.proto.nri.v1alpha1.Mount;
import dev.hearth.proto.nri.v1alpha1.OptionalFileMode;
import dev.hearth.proto.nri.v1alpha1.OptionalInt;
import dev.hearth.proto.nri.v1alpha1.OptionalUInt64;
import dev.hearth.proto.nri.v1alpha1.POSIXRlimit;
import dev.hearth.proto.nri.v1alpha1.PodSandbox;
import dev.hearth.proto.nri.v1alpha1.RunPodSandboxRequest;
import dev.hearth.proto.nri.v1alpha1.StopContainerResponse;
import dev.hearth.proto.nri.v1alpha1.SynchronizeRequest;
import dev.hearth.proto.nri.v1alpha1.UpdateContainerResponse;
import dev.hearth.proto.nri.v1alpha1.ValidateContainerAdjustmentRequest;
import dev.hearth.proto.nri.v1alpha1.ValidateContainerAdjustmentResponse;
import dev.hearth.testing.Await;
import dev.hearth.testing.Pods;
import dev.hearth.testing.TestBed;
import dev.hearth.testing.TestPlugin;
import io.grpc.StatusRuntimeException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What plugins of the node are told and may change, from their side of the socket. */
@NeedsRoot
class NriE2E {
  @RegisterExtension static final TestBed BED = new TestBed();

  private static final Duration LIMIT = Duration.ofSeconds(30);

  /** A thread for each task: they wait for one another. */
  private static final Executor ASIDE = task -> Thread.ofVirtual().start(task);

  private final List<TestPlugin> plugins = new ArrayList<>();

  @AfterEach
  void letPluginsGo() {
    plugins.forEach(TestPlugin::close);
  }

  private TestPlugin plugin() throws Exception {
    TestPlugin plugin = TestPlugin.connect(BED.home().nriSocket());
    plugins.add(plugin);
    return plugin;
  }

  private static PodSandboxConfig pod(String name) {
    return Pods.hostNetworkPod(name, BED.home().logs());
  }

  private static ContainerConfig container(String name, String... command) {
    return Pods.container(name, BED.busybox(), command);
  }

  private static String run(String podId, PodSandboxConfig pod, ContainerConfig container) {
    String id = BED.cri().create(podId, pod, container);
    BED.cri().start(id);
    return id;
  }

  private static CreateContainerResponse adjusting(ContainerAdjustment.Builder adjustment) {
    return CreateContainerResponse.newBuilder().setAdjust(adjustment).build();
  }

  private static LinuxResources shares(long shares) {
    return LinuxResources.newBuilder()
        .setCpu(LinuxCPU.newBuilder().setShares(OptionalUInt64.newBuilder().setValue(shares)))
        .build();
  }

  private static ContainerUpdate update(String id, LinuxResources resources) {
    return ContainerUpdate.newBuilder()
        .setContainerId(id)
        .setLinux(LinuxContainerUpdate.newBuilder().setResources(resources))
        .build();
  }

  private static long sharesOf(String id) {
    return BED.cri().status(id).getResources().getLinux().getCpuShares();
  }

  @Test
  void aPluginIsToldOfEachStepInOrderAndOnce() throws Exception {
    TestPlugin plugin = plugin().register("10", "witness");
    PodSandboxConfig pod = pod("told");
    String podId = BED.cri().runPod(pod);
    String id = run(podId, pod, container("main", "sleep", "1000"));
    BED.cri().stop(id, Duration.ZERO);
    BED.cri().remove(id);
    BED.cri().stopPod(podId);
    BED.cri().removePod(podId);

    assertThat(plugin.calls())
        .containsExactly(
            "RunPodSandbox told",
            "CreateContainer main",
            "ValidateContainerAdjustment main",
            "PostCreateContainer main",
            "StartContainer main",
            "PostStartContainer main",
            "StopContainer main",
            "RemoveContainer main",
            "StopPodSandbox told",
            "RemovePodSandbox told");
    assertThat(plugin.configuration().getRuntimeName()).isEqualTo("hearth");
    assertThat(plugin.configuration().getRequestTimeout()).isEqualTo(2000);
  }

  @Test
  void aContainerThatEndsByItselfIsToldToHaveStopped() throws Exception {
    TestPlugin plugin = plugin().register("10", "witness");
    PodSandboxConfig pod = pod("ending");
    String podId = BED.cri().runPod(pod);
    var _ = run(podId, pod, container("main", "false"));

    Await.until(
        () -> "the end among " + plugin.calls(),
        LIMIT,
        () -> plugin.calls().contains("StopContainer main"));
    BED.cri().removePod(podId);
    assertThat(plugin.calls()).containsOnlyOnce("StopContainer main", "StopPodSandbox ending");
  }

  @Test
  void onlyWhatAPluginSubscribedToIsAskedOfIt() throws Exception {
    // RemovePodSandbox is the third event.
    TestPlugin plugin =
        plugin()
            .answering("Configure", _ -> ConfigureResponse.newBuilder().setEvents(1 << 2).build())
            .register("10", "choosy");
    BED.cri().removePod(BED.cri().runPod(pod("chosen")));

    assertThat(plugin.calls()).containsExactly("RemovePodSandbox chosen");
  }

  @Test
  void anAdjustedContainerIsAsThePluginWantsIt() throws Exception {
    Path source = Files.createDirectories(BED.folder().resolve("adjusted"));
    Files.writeString(source.resolve("file"), "from the plugin");
    var _ =
        plugin()
            .creating(
                adjusting(
                    ContainerAdjustment.newBuilder()
                        .putAnnotations("plugin/note", "adjusted")
                        .addEnv(KeyValue.newBuilder().setKey("GIVEN").setValue("by plugin"))
                        .addEnv(KeyValue.newBuilder().setKey("-ASKED"))
                        .addEnv(KeyValue.newBuilder().setKey("-HOME"))
                        .addMounts(
                            Mount.newBuilder()
                                .setDestination("/given")
                                .setSource(source.toString())
                                .setType("bind")
                                .addOptions("rbind")
                                .addOptions("ro"))
                        .addRlimits(
                            POSIXRlimit.newBuilder()
                                .setType("RLIMIT_NOFILE")
                                .setSoft(77)
                                .setHard(88))
                        .setLinux(
                            LinuxContainerAdjustment.newBuilder()
                                .setOomScoreAdj(OptionalInt.newBuilder().setValue(123))
                                .setResources(
                                    shares(600).toBuilder()
                                        .setPids(LinuxPids.newBuilder().setLimit(99))))))
            .register("10", "adjusting");
    PodSandboxConfig pod = pod("adjusted");
    String podId = BED.cri().runPod(pod);
    ContainerConfig asked =
        container("main", "sleep", "1000").toBuilder()
            .addEnvs(
                dev.hearth.proto.cri.v1.KeyValue.newBuilder().setKey("ASKED").setValue(bytes("x")))
            .build();
    String id = BED.cri().create(podId, pod, asked);

    // What was agreed at creation holds for a daemon that comes later.
    BED.daemon().kill();
    BED.daemon().startAgain();
    BED.cri().start(id);

    assertThat(shell(id, "echo ${GIVEN-none} ${ASKED-none} ${HOME-none}"))
        .isEqualTo("by plugin none none\n");
    assertThat(shell(id, "cat /given/file; echo > /given/file || echo read-only"))
        .startsWith("from the plugin")
        .endsWith("read-only\n");
    assertThat(shell(id, "ulimit -Sn; ulimit -Hn; cat /proc/1/oom_score_adj"))
        .isEqualTo("77\n88\n123\n");
    assertThat(sharesOf(id)).isEqualTo(600);
    assertThat(pidsLimit(Pods.pid(BED.cri(), id))).isEqualTo("99");
    assertThat(BED.cri().info(id).get("info")).contains("plugin/note");
    assertThat(BED.cri().status(id).getAnnotationsMap()).doesNotContainKey("plugin/note");
    // A repeat of the request is the same request.
    assertThat(BED.cri().create(podId, pod, asked)).isEqualTo(id);
    BED.cri().removePod(podId);
  }

  private static ByteString bytes(String text) {
    return ByteString.copyFromUtf8(text);
  }

  private static String shell(String id, String script) {
    return BED.cri().exec(id, "sh", "-c", script).getStdout().toStringUtf8();
  }

  /** Of the control group of a process, in whatever version there is. */
  private static String pidsLimit(long pid) throws Exception {
    for (String line : Files.readAllLines(Path.of("/proc", Long.toString(pid), "cgroup"))) {
      String[] parts = line.split(":", 3);
      Path base =
          parts[1].isEmpty() ? Path.of("/sys/fs/cgroup") : Path.of("/sys/fs/cgroup", parts[1]);
      Path file = Path.of(base + parts[2], "pids.max");
      if (Files.exists(file)) {
        return Files.readString(file).strip();
      }
    }
    return "no limit anywhere";
  }

  @Test
  void anotherProgramMayBeRun() throws Exception {
    var _ =
        plugin()
            .creating(
                adjusting(
                    ContainerAdjustment.newBuilder().addArgs("sh").addArgs("-c").addArgs("exit 9")))
            .register("10", "other");
    PodSandboxConfig pod = pod("other");
    String podId = BED.cri().runPod(pod);
    String id = run(podId, pod, container("main", "sleep", "1000"));

    Await.until(
        "the end", LIMIT, () -> BED.cri().status(id).getState() == ContainerState.CONTAINER_EXITED);
    assertThat(BED.cri().status(id).getExitCode()).isEqualTo(9);
    BED.cri().removePod(podId);
  }

  @Test
  void twoPluginsThatWantOneThingDifferentlyAreRefusedAndNamed() throws Exception {
    var _ =
        plugin()
            .creating(adjusting(ContainerAdjustment.newBuilder().addEnv(variable("A", "1"))))
            .register("20", "later");
    var _ =
        plugin()
            .creating(adjusting(ContainerAdjustment.newBuilder().addEnv(variable("A", "2"))))
            .register("10", "first");
    PodSandboxConfig pod = pod("conflict");
    String podId = BED.cri().runPod(pod);

    assertThatThrownBy(() -> BED.cri().create(podId, pod, container("main", "true")))
        .isInstanceOf(StatusRuntimeException.class)
        .hasMessageContaining("plugins 10-first and 20-later both change Env A");
    BED.cri().removePod(podId);
  }

  private static KeyValue variable(String key, String value) {
    return KeyValue.newBuilder().setKey(key).setValue(value).build();
  }

  @Test
  void whatHearthCannotDoIsRefusedWithThePluginsName() throws Exception {
    TestPlugin plugin =
        plugin()
            .creating(
                adjusting(
                    ContainerAdjustment.newBuilder()
                        .setHooks(
                            Hooks.newBuilder()
                                .addPrestart(Hook.newBuilder().setPath("/bin/true")))))
            .register("10", "hooking");
    PodSandboxConfig pod = pod("hooked");
    String podId = BED.cri().runPod(pod);

    assertThatThrownBy(() -> BED.cri().create(podId, pod, container("main", "true")))
        .hasMessageContaining("UNIMPLEMENTED")
        .hasMessageContaining("10-hooking")
        .hasMessageContaining("OciHooks");
    // Whoever agreed is told that nothing comes of it.
    assertThat(plugin.calls()).endsWith("StopContainer main", "RemoveContainer main");
    BED.cri().removePod(podId);
  }

  @Test
  void aPluginThatRefusesAPodUndoesItAndItMayBeAskedForAgain() throws Exception {
    CompletableFuture<Boolean> first = new CompletableFuture<>();
    TestPlugin plugin =
        plugin()
            .answering(
                "RunPodSandbox",
                _ -> {
                  if (first.complete(true)) {
                    throw new IllegalStateException("no room");
                  }
                  return ConfigureResponse.getDefaultInstance();
                })
            .register("10", "full");

    assertThatThrownBy(() -> BED.cri().runPod(pod("refused")))
        .hasMessageContaining("plugin 10-full refused RunPodSandbox: no room");
    assertThat(plugin.calls()).endsWith("StopPodSandbox refused", "RemovePodSandbox refused");
    BED.cri().removePod(BED.cri().runPod(pod("refused")));
  }

  @Test
  void aPodCannotBeSeenBeforeItsPluginsHaveAgreed() throws Exception {
    CompletableFuture<String> asked = new CompletableFuture<>();
    CountDownLatch seen = new CountDownLatch(1);
    var _ =
        plugin()
            .answering(
                "RunPodSandbox",
                request -> {
                  asked.complete(RunPodSandboxRequest.parseFrom(request).getPod().getId());
                  seen.await();
                  return ConfigureResponse.getDefaultInstance();
                })
            .register("10", "thinking");
    CompletableFuture<String> run =
        CompletableFuture.supplyAsync(() -> BED.cri().runPod(pod("unseen")), ASIDE);
    String id = asked.get(LIMIT.toSeconds(), TimeUnit.SECONDS);

    assertThat(
            BED.cri()
                .runtime()
                .listPodSandbox(ListPodSandboxRequest.getDefaultInstance())
                .getItemsList())
        .isEmpty();
    assertThatThrownBy(() -> BED.cri().podStatus(id)).hasMessageContaining("NOT_FOUND");
    seen.countDown();
    assertThat(run.get(LIMIT.toSeconds(), TimeUnit.SECONDS)).isEqualTo(id);
    BED.cri().removePod(id);
  }

  @Test
  void aPluginThatHangsIsDroppedAndHarmsNothingElse() throws Exception {
    CountDownLatch never = new CountDownLatch(1);
    TestPlugin hanging =
        plugin()
            .answering(
                "RunPodSandbox",
                _ -> {
                  never.await();
                  return ConfigureResponse.getDefaultInstance();
                })
            .register("10", "hanging");
    TestPlugin other = plugin().register("20", "other");

    BED.cri().removePod(BED.cri().runPod(pod("held-up")));

    Await.until("the end of the connection", LIMIT, () -> !hanging.connected());
    assertThat(other.calls()).startsWith("RunPodSandbox held-up");
    assertThat(BED.daemon().log()).contains("plugin 10-hanging failed at RunPodSandbox");
    never.countDown();
  }

  @Test
  void aPluginThatDiesFailsTheRequestOnlyIfItsPolicySaysSo() throws Exception {
    TestPlugin lenient = plugin();
    lenient
        .answering(
            "RunPodSandbox",
            _ -> {
              lenient.close();
              return ConfigureResponse.getDefaultInstance();
            })
        .register("10", "lenient");
    BED.cri().removePod(BED.cri().runPod(pod("survivor")));

    TestPlugin strict = plugin();
    strict
        .answering(
            "Configure",
            _ ->
                ConfigureResponse.newBuilder()
                    .setFailurePolicy(FailurePolicy.newBuilder().setFailRequest(true))
                    .build())
        .answering(
            "RunPodSandbox",
            _ -> {
              strict.close();
              return ConfigureResponse.getDefaultInstance();
            })
        .register("10", "strict");
    assertThatThrownBy(() -> BED.cri().runPod(pod("victim")))
        .hasMessageContaining("plugin 10-strict failed at RunPodSandbox");
  }

  @Test
  void aPluginOfAnOlderReleaseIsToldByStateChange() throws Exception {
    TestPlugin plugin =
        plugin()
            .without("RunPodSandbox")
            .without("StopPodSandbox")
            .without("RemovePodSandbox")
            .register("10", "old");
    BED.cri().removePod(BED.cri().runPod(pod("old")));

    assertThat(plugin.calls())
        .contains("RUN_POD_SANDBOX old", "STOP_POD_SANDBOX old", "REMOVE_POD_SANDBOX old");
  }

  @Test
  void aPluginThatComesLateIsToldOfEverythingAndMissesNothingMeanwhile() throws Exception {
    PodSandboxConfig pod = pod("known");
    String podId = BED.cri().runPod(pod);
    String running = run(podId, pod, container("running", "sleep", "1000"));
    String created = BED.cri().create(podId, pod, container("created", "true"));
    CountDownLatch release = new CountDownLatch(1);
    CompletableFuture<Boolean> synchronising = new CompletableFuture<>();
    TestPlugin late = plugin();
    late.answering(
        "Synchronize",
        request -> {
          synchronising.complete(true);
          release.await();
          return late.synchronise(SynchronizeRequest.parseFrom(request));
        });
    late.beginToRegister("10", "late");
    synchronising.get(LIMIT.toSeconds(), TimeUnit.SECONDS);

    CompletableFuture<String> meanwhile =
        CompletableFuture.supplyAsync(
            () -> run(podId, pod, container("meanwhile", "sleep", "1000")), ASIDE);
    CompletableFuture<Void> stop =
        CompletableFuture.runAsync(() -> BED.cri().stop(running, Duration.ZERO), ASIDE);
    Await.until(
        "the end of a container",
        LIMIT,
        () -> BED.cri().status(running).getState() == ContainerState.CONTAINER_EXITED);
    release.countDown();
    stop.get(LIMIT.toSeconds(), TimeUnit.SECONDS);
    meanwhile.get(LIMIT.toSeconds(), TimeUnit.SECONDS);

    assertThat(late.everything().pods()).extracting(PodSandbox::getId).contains(podId);
    assertThat(late.everything().containers())
        .extracting(Container::getId)
        .contains(running, created);
    assertThat(late.calls())
        .contains("CreateContainer meanwhile", "StartContainer meanwhile")
        .contains("StopContainer running");
    BED.cri().removePod(podId);
  }

  @Test
  void aRestartedDaemonTellsAPluginOfWhatTheOneBeforeItMade() throws Exception {
    PodSandboxConfig pod = pod("kept");
    String podId = BED.cri().runPod(pod);
    String id = run(podId, pod, container("main", "sleep", "1000"));
    TestPlugin before = plugin().register("10", "before");

    BED.daemon().kill();
    BED.daemon().startAgain();
    Await.until("the connection to end", LIMIT, () -> !before.connected());
    TestPlugin after = plugin().register("10", "after");

    Container seen = after.everything().containers().getFirst();
    assertThat(seen.getId()).isEqualTo(id);
    assertThat(seen.getState())
        .isEqualTo(dev.hearth.proto.nri.v1alpha1.ContainerState.CONTAINER_RUNNING);
    assertThat(seen.getArgsList()).containsExactly("sleep", "1000");
    assertThat(seen.getPid()).isEqualTo((int) Pods.pid(BED.cri(), id));
    BED.cri().removePod(podId);
  }

  @Test
  void aChangeOfLimitsIsThePluginsToChange() throws Exception {
    PodSandboxConfig pod = pod("changing");
    String podId = BED.cri().runPod(pod);
    String id = run(podId, pod, container("main", "sleep", "1000"));
    String other = run(podId, pod, container("other", "sleep", "1000"));
    TestPlugin plugin =
        plugin()
            .answering(
                "UpdateContainer",
                _ ->
                    UpdateContainerResponse.newBuilder()
                        .addUpdate(update(id, shares(333)))
                        .addUpdate(update(other, shares(444)))
                        .build())
            .answering(
                "StopContainer",
                _ ->
                    StopContainerResponse.newBuilder()
                        .addUpdate(update(other, shares(555)))
                        .build())
            .register("10", "steering");

    BED.cri()
        .runtime()
        .updateContainerResources(
            UpdateContainerResourcesRequest.newBuilder()
                .setContainerId(id)
                .setLinux(LinuxContainerResources.newBuilder().setCpuShares(222))
                .build());
    assertThat(sharesOf(id)).isEqualTo(333);
    assertThat(sharesOf(other)).isEqualTo(444);
    assertThat(plugin.calls()).containsExactly("UpdateContainer main", "PostUpdateContainer main");

    BED.cri().stop(id, Duration.ZERO);
    assertThat(sharesOf(other)).isEqualTo(555);

    BED.cri()
        .runtime()
        .updatePodSandboxResources(
            UpdatePodSandboxResourcesRequest.newBuilder().setPodSandboxId(podId).build());
    assertThat(plugin.calls())
        .endsWith("UpdatePodSandbox changing", "PostUpdatePodSandbox changing");

    // Unasked, and with one that there is not.
    String gone = "f".repeat(64);
    var answer = plugin.update(update(other, shares(666)), update(gone, shares(1)));
    assertThat(sharesOf(other)).isEqualTo(666);
    assertThat(answer.getFailedList())
        .extracting(ContainerUpdate::getContainerId)
        .containsExactly(gone);
    BED.cri().removePod(podId);
  }

  @Test
  void aValidatorSeesTheWholeAndMayRejectIt() throws Exception {
    CompletableFuture<ValidateContainerAdjustmentRequest> asked = new CompletableFuture<>();
    var _ =
        plugin()
            .creating(adjusting(ContainerAdjustment.newBuilder().addEnv(variable("A", "1"))))
            .register("10", "adjusting");
    var _ =
        plugin()
            .answering(
                "ValidateContainerAdjustment",
                request -> {
                  asked.complete(ValidateContainerAdjustmentRequest.parseFrom(request));
                  return ValidateContainerAdjustmentResponse.newBuilder()
                      .setReject(true)
                      .setReason("A is not to be set")
                      .build();
                })
            .register("90", "strict");
    PodSandboxConfig pod = pod("validated");
    String podId = BED.cri().runPod(pod);

    assertThatThrownBy(() -> BED.cri().create(podId, pod, container("main", "true")))
        .hasMessageContaining("plugin 90-strict rejects")
        .hasMessageContaining("A is not to be set");
    ValidateContainerAdjustmentRequest request = asked.join();
    assertThat(request.getAdjust().getEnvList()).containsExactly(variable("A", "1"));
    assertThat(request.getContainer().getEnvList()).doesNotContain("A=1");
    assertThat(request.getPluginsList()).hasSize(2);
    assertThat(
            request
                .getOwners()
                .getOwnersOrThrow(request.getContainer().getId())
                .getCompoundOrThrow(6)
                .getOwnersMap())
        .containsEntry("A", "10-adjusting");
    BED.cri().removePod(podId);
  }

  @Test
  void aPluginIsSentItsOwnConfiguration() throws Exception {
    Path folder = Files.createDirectories(BED.home().folder().resolve("nri"));
    Files.writeString(folder.resolve("tuned.conf"), "level: 3");

    assertThat(plugin().register("10", "tuned").configuration().getConfig()).isEqualTo("level: 3");
    assertThat(plugin().register("10", "plain").configuration().getConfig()).isEmpty();
  }

  @Test
  void aPluginWithoutAProperNameIsTurnedAway() throws Exception {
    TestPlugin plugin = plugin();

    assertThatThrownBy(() -> plugin.beginToRegister("1", "x")).hasMessageContaining("two digits");
    assertThat(plugin.calls()).isEmpty();
  }

  @Test
  void aPluginThatTheDaemonStartsHasItsNameAndItsConnection() throws Exception {
    Path folder = Files.createDirectories(BED.home().nriPlugins());
    Path said = BED.folder().resolve("said");
    Path program = folder.resolve("42-scripted");
    Files.writeString(
        program,
        """
        #!/bin/sh
        echo "$NRI_PLUGIN_IDX $NRI_PLUGIN_NAME $NRI_PLUGIN_SOCKET" >%s
        printf 'no protocol at all' >&3
        read line <&3
        """
            .formatted(said));
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));
    BED.daemon().stop();
    BED.daemon().startAgain();
    Files.delete(program);

    assertThat(said).hasContent("42 scripted 3");
    assertThat(BED.daemon().log()).contains("a plugin could not be registered: a frame of");
  }

  @Test
  void aDeviceMayBeGivenByItsNumbers() throws Exception {
    var _ =
        plugin()
            .creating(
                adjusting(
                    ContainerAdjustment.newBuilder()
                        .setLinux(
                            LinuxContainerAdjustment.newBuilder()
                                .addDevices(
                                    LinuxDevice.newBuilder()
                                        .setPath("/dev/given")
                                        .setType("c")
                                        .setMajor(1)
                                        .setMinor(5)
                                        .setFileMode(
                                            OptionalFileMode.newBuilder().setValue(0x124))))))
            .register("10", "giving");
    PodSandboxConfig pod = pod("given");
    String podId = BED.cri().runPod(pod);
    String id = run(podId, pod, container("main", "sleep", "1000"));

    // 1:5 is /dev/zero.
    assertThat(shell(id, "head -c 3 /dev/given | wc -c; ls -l /dev/given"))
        .startsWith("3\n")
        .contains("cr--r--r--", "1,   5");
    BED.cri().removePod(podId);
  }
}
