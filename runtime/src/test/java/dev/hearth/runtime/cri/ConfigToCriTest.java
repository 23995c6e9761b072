package dev.hearth.runtime.cri;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.protobuf.ByteString;
import dev.hearth.proto.cri.v1.Capability;
import dev.hearth.proto.cri.v1.ContainerConfig;
import dev.hearth.proto.cri.v1.ContainerMetadata;
import dev.hearth.proto.cri.v1.DNSConfig;
import dev.hearth.proto.cri.v1.Device;
import dev.hearth.proto.cri.v1.ImageSpec;
import dev.hearth.proto.cri.v1.Int64Value;
import dev.hearth.proto.cri.v1.KeyValue;
import dev.hearth.proto.cri.v1.LinuxContainerConfig;
import dev.hearth.proto.cri.v1.LinuxContainerResources;
import dev.hearth.proto.cri.v1.LinuxContainerSecurityContext;
import dev.hearth.proto.cri.v1.LinuxPodSandboxConfig;
import dev.hearth.proto.cri.v1.Mount;
import dev.hearth.proto.cri.v1.PodSandboxConfig;
import dev.hearth.proto.cri.v1.PodSandboxMetadata;
import dev.hearth.proto.cri.v1.PortMapping;
import dev.hearth.proto.cri.v1.Protocol;
import dev.hearth.proto.cri.v1.SecurityProfile;
import dev.hearth.proto.cri.v1.Signal;
import dev.hearth.runtime.model.ContainerSpec;
import dev.hearth.runtime.model.PodSpec;
import org.junit.jupiter.api.Test;

/** What goes in comes out again, for people to read. */
final class ConfigToCriTest {
  private static final ContainerConfig CONTAINER =
      ContainerConfig.newBuilder()
          .setMetadata(ContainerMetadata.newBuilder().setName("main").setAttempt(2))
          .setImage(ImageSpec.newBuilder().setImage("busybox").setUserSpecifiedImage("busybox:1"))
          .addCommand("sh")
          .addArgs("-c")
          .setWorkingDir("/work")
          .addEnvs(KeyValue.newBuilder().setKey("A").setValue(ByteString.copyFromUtf8("b=c")))
          .addMounts(
              Mount.newBuilder().setContainerPath("/in").setHostPath("/out").setReadonly(true))
          .addDevices(
              Device.newBuilder()
                  .setContainerPath("/dev/x")
                  .setHostPath("/dev/null")
                  .setPermissions("rw"))
          .putLabels("label", "value")
          .putAnnotations("note", "text")
          .setLogPath("main/0.log")
          .setTty(true)
          .setStopSignal(Signal.SIGNAL_SIGUSR1)
          .setLinux(
              LinuxContainerConfig.newBuilder()
                  .setResources(
                      LinuxContainerResources.newBuilder().setCpuShares(7).setOomScoreAdj(-5))
                  .setSecurityContext(
                      LinuxContainerSecurityContext.newBuilder()
                          .setRunAsUser(Int64Value.newBuilder().setValue(1000))
                          .setRunAsGroup(Int64Value.newBuilder().setValue(1001))
                          .setCapabilities(Capability.newBuilder().addDropCapabilities("ALL"))
                          .addSupplementalGroups(5)
                          .addMaskedPaths("/proc/kcore")
                          .setSeccomp(
                              SecurityProfile.newBuilder()
                                  .setProfileType(SecurityProfile.ProfileType.Localhost)
                                  .setLocalhostRef("profile.json"))))
          .build();

  private static final PodSandboxConfig POD =
      PodSandboxConfig.newBuilder()
          .setMetadata(
              PodSandboxMetadata.newBuilder().setName("pod").setNamespace("ns").setUid("uid"))
          .setHostname("host")
          .setLogDirectory("/var/log/pod")
          .setDnsConfig(DNSConfig.newBuilder().addServers("10.0.0.10").addSearches("local"))
          .addPortMappings(
              PortMapping.newBuilder()
                  .setProtocol(Protocol.UDP)
                  .setContainerPort(53)
                  .setHostPort(5353))
          .putLabels("label", "value")
          .setLinux(
              LinuxPodSandboxConfig.newBuilder()
                  .setCgroupParent("/kubepods/pod")
                  .putSysctls("net.ipv4.ip_forward", "1")
                  .setOverhead(LinuxContainerResources.newBuilder().setCpuShares(3)))
          .build();

  @Test
  void aContainersConfigurationComesBackAsItWasUnderstood() {
    ContainerSpec spec = FromCri.container(CONTAINER);

    assertThat(FromCri.container(ConfigToCri.container(spec))).isEqualTo(spec);
  }

  @Test
  void aPodsConfigurationComesBackAsItWasUnderstood() {
    PodSpec spec = FromCri.pod(POD, "hearth");

    assertThat(FromCri.pod(ConfigToCri.pod(spec), "hearth")).isEqualTo(spec);
  }

  @Test
  void itIsShownUnderTheContractsNames() {
    JsonObject json = MessageJson.of(CONTAINER);

    assertThat(json.getAsJsonObject("metadata").get("name").getAsString()).isEqualTo("main");
    assertThat(json.get("log_path").getAsString()).isEqualTo("main/0.log");
    assertThat(json.getAsJsonObject("labels").get("label").getAsString()).isEqualTo("value");
    assertThat(json.getAsJsonArray("envs").get(0).getAsJsonObject().get("value").getAsString())
        .isEqualTo("b=c");
    assertThat(json.get("stop_signal").getAsString()).isEqualTo("SIGNAL_SIGUSR1");
    JsonObject security = json.getAsJsonObject("linux").getAsJsonObject("security_context");
    assertThat(security.getAsJsonObject("run_as_user").get("value").getAsLong()).isEqualTo(1000);
    assertThat(json.has("stdin")).isFalse();
  }
}
