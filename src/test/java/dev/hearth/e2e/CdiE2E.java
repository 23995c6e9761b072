package dev.hearth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonParser;
import com.google.protobuf.ByteString;
import dev.hearth.linux.testing.NeedsRoot;
import dev.hearth.proto.cri.v1.CDIDevice;
import dev.hearth.proto.cri.v1.ContainerConfig;
import dev.hearth.proto.cri.v1.IDMapping;
import dev.hearth.proto.cri.v1.KeyValue;
import dev.hearth.proto.cri.v1.NamespaceMode;
import dev.hearth.proto.cri.v1.StatusRequest;
import dev.hearth.proto.cri.v1.UserNamespace;
import dev.hearth.proto.nri.v1alpha1.ContainerAdjustment;
import dev.hearth.proto.nri.v1alpha1.CreateContainerResponse;
import dev.hearth.testing.TestBed;
import dev.hearth.testing.TestPlugin;
import dev.hearth.testing.TestPod;
import io.grpc.Status;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Devices that a driver's files describe, seen from inside. */
@NeedsRoot
class CdiE2E {
  @RegisterExtension static final TestBed BED = new TestBed();

  private Path file = Path.of("/");

  /** One device of the node under two names, a library and a variable. */
  @BeforeEach
  void describe() throws IOException {
    Files.createDirectories(BED.home().cdi());
    Path library = Files.writeString(BED.folder().resolve("lib.so"), "the driver's\n");
    file = BED.home().cdi().resolve("vendor.yaml");
    Files.writeString(
        file,
        """
        cdiVersion: 0.7.0
        kind: vendor.com/clock
        containerEdits:
          env: [DRIVER=loaded]
        devices:
          - name: "0"
            containerEdits:
              env: [CLOCK=zero, CHANGED=device]
              deviceNodes:
                - {path: /dev/clock/zero, hostPath: /dev/zero, permissions: r, fileMode: 0640}
                - {path: /dev/plain, hostPath: /dev/full}
              mounts:
                - hostPath: %1$s
                  containerPath: /usr/lib/driver.so
                  options: [ro, nosuid, bind]
              additionalGids: [4242]
          - name: by-numbers
            containerEdits:
              deviceNodes: [{path: /dev/tuner, type: c, major: 10, minor: 200, permissions: r}]
          - name: hooked
            containerEdits:
              hooks: [{hookName: createContainer, path: /bin/true}]
          - name: missing
            containerEdits:
              mounts: [{hostPath: /nowhere/to/be/found, containerPath: /x}]
          - name: pretender
            containerEdits:
              deviceNodes:
                - {path: /dev/zero2, hostPath: %1$s, type: c, major: 1, minor: 5}
        """
            .formatted(library));
  }

  @AfterEach
  void forget() throws IOException {
    Files.deleteIfExists(file);
  }

  private static ContainerConfig with(ContainerConfig container, String... devices) {
    ContainerConfig.Builder builder = container.toBuilder();
    for (String device : devices) {
      builder.addCDIDevices(CDIDevice.newBuilder().setName("vendor.com/clock=" + device));
    }
    return builder.build();
  }

  private static Status refused(TestPod pod, String device) {
    return TestPod.refusal(() -> pod.create(with(pod.script("no", "true", _ -> {}), device)));
  }

  @Test
  void aContainerHasTheNodesVariablesAndMountsOfItsDevice() {
    try (TestPod pod = TestPod.of(BED, "device", _ -> {})) {
      ContainerConfig container =
          with(
              pod.script(
                  "one",
                  "stat -c '%A %t:%T %u %n' /dev/clock/zero /dev/plain;"
                      + " head -c 3 /dev/clock/zero | wc -c;"
                      + " (: </dev/tuner) && echo read;"
                      + " (: >/dev/tuner) 2>&1 | sed 's/.*: //';"
                      + " cat /usr/lib/driver.so;"
                      + " (echo x >/usr/lib/driver.so) 2>&1 | sed 's/.*: //';"
                      + " echo $DRIVER $CLOCK $CHANGED; id -G",
                  linux -> linux.getSecurityContextBuilder().getRunAsUserBuilder().setValue(0)),
              "0",
              "by-numbers");
      container =
          container.toBuilder()
              .addEnvs(
                  KeyValue.newBuilder()
                      .setKey("CHANGED")
                      .setValue(ByteString.copyFromUtf8("request")))
              .build();

      assertThat(pod.run(container).getExitCode()).isZero();
      assertThat(pod.printed(container))
          .containsExactly(
              "crw-r----- 1:5 0 /dev/clock/zero",
              "crw-rw-rw- 1:7 0 /dev/plain",
              "3",
              "read",
              "Operation not permitted",
              "the driver's",
              "Read-only file system",
              "loaded zero device",
              "0 4242");
    }
  }

  @Test
  void aContainerKeepsItsDeviceWhenTheFileGoesAndTheDaemonStartsAnew() throws Exception {
    try (TestPod pod = TestPod.of(BED, "kept", _ -> {})) {
      String id = pod.create(with(pod.script("one", "sleep 1000", _ -> {}), "0"));
      Files.delete(file);
      BED.daemon().kill();
      BED.daemon().startAgain();
      BED.cri().start(id);

      assertThat(
              BED.cri()
                  .exec(id, "sh", "-c", "echo $CLOCK; head -c 2 /dev/clock/zero | wc -c")
                  .getStdout()
                  .toStringUtf8())
          .isEqualTo("zero\n2\n");
    }
  }

  @Test
  void aPodsOwnRootUsesTheNodesDevice() {
    IDMapping ids = IDMapping.newBuilder().setHostId(231_072).setLength(65_536).build();
    UserNamespace users =
        UserNamespace.newBuilder().setMode(NamespaceMode.POD).addUids(ids).addGids(ids).build();
    try (TestPod pod =
        TestPod.of(
            BED,
            "users",
            linux ->
                linux
                    .getSecurityContextBuilder()
                    .getNamespaceOptionsBuilder()
                    .setUsernsOptions(users))) {
      ContainerConfig container =
          with(
              pod.script(
                  "one",
                  "head -c 3 /dev/clock/zero | wc -c; cat /usr/lib/driver.so;"
                      + " stat -c %u /usr/lib/driver.so",
                  linux ->
                      linux
                          .getSecurityContextBuilder()
                          .getNamespaceOptionsBuilder()
                          .setUsernsOptions(users)),
              "0");
      assertThat(pod.run(container).getExitCode()).isZero();
      assertThat(pod.printed(container)).containsExactly("3", "the driver's", "0");

      Status pretender =
          TestPod.refusal(() ->
              pod.create(
                  with(
                      pod.script(
                          "no",
                          "true",
                          linux ->
                              linux
                                  .getSecurityContextBuilder()
                                  .getNamespaceOptionsBuilder()
                                  .setUsernsOptions(users)),
                      "pretender")));
      assertThat(pretender.getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
      assertThat(pretender.getDescription()).contains("lib.so");
    }
  }

  @Test
  void whatCannotBeHadIsRefusedAndNothingIsMadeUp() throws Exception {
    Path broken = Files.writeString(BED.home().cdi().resolve("broken.json"), "{");
    try (TestPod pod = TestPod.of(BED, "refused", _ -> {})) {
      Status hooked = refused(pod, "hooked");
      assertThat(hooked.getCode()).isEqualTo(Status.Code.UNIMPLEMENTED);
      assertThat(hooked.getDescription())
          .contains("vendor.com/clock=hooked")
          .contains("createContainer /bin/true");

      Status missing = refused(pod, "missing");
      assertThat(missing.getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
      assertThat(missing.getDescription()).contains("/nowhere/to/be/found");
      assertThat(Path.of("/nowhere")).doesNotExist();

      Status unknown = refused(pod, "unknown");
      assertThat(unknown.getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
      assertThat(unknown.getDescription()).contains("clock=unknown").contains("broken.json");

      assertThat(refused(pod, "../../etc").getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    } finally {
      Files.delete(broken);
    }
  }

  @Test
  void aPluginsDeviceIsGivenToo() throws Exception {
    try (TestPlugin plugin = TestPlugin.connect(BED.home().nriSocket());
        TestPod pod = TestPod.of(BED, "plugged", _ -> {})) {
      var _ =
          plugin
              .creating(
                  CreateContainerResponse.newBuilder()
                      .setAdjust(
                          ContainerAdjustment.newBuilder()
                              .addCDIDevices(
                                  dev.hearth.proto.nri.v1alpha1.CDIDevice.newBuilder()
                                      .setName("vendor.com/clock=0")))
                      .build())
              .register("10", "clocks");

      assertThat(pod.output("one", "echo $CLOCK; ls /dev/clock", _ -> {}))
          .containsExactly("zero", "zero");
    }
  }

  @Test
  void statusTellsOfDevicesAndOfBrokenFiles() throws Exception {
    Path broken = Files.writeString(BED.home().cdi().resolve("broken.json"), "{");
    try {
      var config =
          JsonParser.parseString(
                  BED.cri()
                      .runtime()
                      .status(StatusRequest.newBuilder().setVerbose(true).build())
                      .getInfoOrDefault("config", "{}"))
              .getAsJsonObject();
      assertThat(config.getAsJsonArray("cdiDevices").asList().stream().map(e -> e.getAsString()))
          .contains("vendor.com/clock=0", "vendor.com/clock=hooked");
      assertThat(config.getAsJsonArray("cdiProblems").asList())
          .singleElement()
          .asString()
          .contains("broken.json");
      assertThat(List.of(config.getAsJsonArray("cdiSpecDirs").get(0).getAsString()))
          .containsExactly(BED.home().cdi().toString());
      assertThat(BED.daemon().log().lines()).anyMatch(line -> line.contains("broken.json"));
    } finally {
      Files.delete(broken);
    }
  }
}
