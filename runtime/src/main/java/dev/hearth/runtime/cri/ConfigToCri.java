package dev.hearth.runtime.cri;

import com.google.protobuf.ByteString;
import dev.hearth.proto.cri.v1.CDIDevice;
import dev.hearth.proto.cri.v1.Capability;
import dev.hearth.proto.cri.v1.ContainerConfig;
import dev.hearth.proto.cri.v1.DNSConfig;
import dev.hearth.proto.cri.v1.Device;
import dev.hearth.proto.cri.v1.Int64Value;
import dev.hearth.proto.cri.v1.KeyValue;
import dev.hearth.proto.cri.v1.LinuxContainerConfig;
import dev.hearth.proto.cri.v1.LinuxContainerSecurityContext;
import dev.hearth.proto.cri.v1.LinuxPodSandboxConfig;
import dev.hearth.proto.cri.v1.LinuxSandboxSecurityContext;
import dev.hearth.proto.cri.v1.PodSandboxConfig;
import dev.hearth.proto.cri.v1.PortMapping;
import dev.hearth.proto.cri.v1.Protocol;
import dev.hearth.proto.cri.v1.SELinuxOption;
import dev.hearth.proto.cri.v1.SecurityProfile;
import dev.hearth.proto.cri.v1.Signal;
import dev.hearth.proto.cri.v1.SupplementalGroupsPolicy;
import dev.hearth.runtime.model.ContainerSpec;
import dev.hearth.runtime.model.PodSpec;
import dev.hearth.runtime.model.Resources;
import dev.hearth.runtime.model.SecurityContext;
import dev.hearth.runtime.model.SelinuxLabel;

/** Our specifications into the requests they came from; the other way is {@link FromCri}. */
final class ConfigToCri {
  private ConfigToCri() {}

  static PodSandboxConfig pod(PodSpec spec) {
    LinuxPodSandboxConfig.Builder linux =
        LinuxPodSandboxConfig.newBuilder()
            .setCgroupParent(spec.cgroupParent())
            .setSecurityContext(
                LinuxSandboxSecurityContext.newBuilder()
                    .setNamespaceOptions(ToCri.namespaces(spec.namespaces()))
                    .setPrivileged(spec.privileged())
                    .setSeccomp(profile(spec.seccomp())))
            .putAllSysctls(spec.sysctls());
    if (!spec.overhead().equals(Resources.NONE)) {
      linux.setOverhead(ToCri.resources(spec.overhead()));
    }
    if (!spec.resources().equals(Resources.NONE)) {
      linux.setResources(ToCri.resources(spec.resources()));
    }
    return PodSandboxConfig.newBuilder()
        .setMetadata(ToCri.metadata(spec.metadata()))
        .setHostname(spec.hostname())
        .setLogDirectory(spec.logDirectory())
        .setDnsConfig(
            DNSConfig.newBuilder()
                .addAllServers(spec.dns().servers())
                .addAllSearches(spec.dns().searches())
                .addAllOptions(spec.dns().options()))
        .addAllPortMappings(spec.ports().stream().map(ConfigToCri::port).toList())
        .putAllLabels(spec.labels())
        .putAllAnnotations(spec.annotations())
        .setLinux(linux)
        .build();
  }

  private static PortMapping port(dev.hearth.runtime.model.PortMapping port) {
    return PortMapping.newBuilder()
        .setProtocol(
            switch (port.protocol()) {
              case TCP -> Protocol.TCP;
              case UDP -> Protocol.UDP;
              case SCTP -> Protocol.SCTP;
            })
        .setContainerPort(port.containerPort())
        .setHostPort(port.hostPort())
        .setHostIp(port.hostIp())
        .build();
  }

  static ContainerConfig container(ContainerSpec spec) {
    ContainerConfig.Builder config =
        ContainerConfig.newBuilder()
            .setMetadata(ToCri.metadata(spec.metadata()))
            .setImage(ToCri.image(spec))
            .addAllCommand(spec.command())
            .addAllArgs(spec.args())
            .setWorkingDir(spec.workingDirectory())
            .addAllMounts(spec.mounts().stream().map(ToCri::mount).toList())
            .putAllLabels(spec.labels())
            .putAllAnnotations(spec.annotations())
            .setLogPath(spec.logPath())
            .setStdin(spec.stdin())
            .setStdinOnce(spec.stdinOnce())
            .setTty(spec.tty())
            .setLinux(
                LinuxContainerConfig.newBuilder()
                    .setResources(ToCri.resources(spec.resources()))
                    .setSecurityContext(security(spec.security())));
    spec.environment()
        .forEach(variable ->
            config.addEnvs(
                KeyValue.newBuilder()
                    .setKey(variable.key())
                    .setValue(ByteString.copyFromUtf8(variable.value()))));
    spec.devices()
        .forEach(device ->
            config.addDevices(
                Device.newBuilder()
                    .setContainerPath(device.containerPath())
                    .setHostPath(device.hostPath())
                    .setPermissions(device.permissions())));
    spec.cdiDevices().forEach(name -> config.addCDIDevices(CDIDevice.newBuilder().setName(name)));
    if (!spec.stopSignal().isEmpty()) {
      config.setStopSignal(Signal.valueOf("SIGNAL_" + spec.stopSignal()));
    }
    return config.build();
  }

  private static LinuxContainerSecurityContext security(SecurityContext s) {
    LinuxContainerSecurityContext.Builder security =
        LinuxContainerSecurityContext.newBuilder()
            .setCapabilities(
                Capability.newBuilder()
                    .addAllAddCapabilities(s.addCapabilities())
                    .addAllDropCapabilities(s.dropCapabilities())
                    .addAllAddAmbientCapabilities(s.ambientCapabilities()))
            .setPrivileged(s.privileged())
            .setNamespaceOptions(ToCri.namespaces(s.namespaces()))
            .setRunAsUsername(s.runAsUsername())
            .setReadonlyRootfs(s.readonlyRootfs())
            .addAllSupplementalGroups(s.supplementalGroups())
            .setSupplementalGroupsPolicy(
                switch (s.groupsPolicy()) {
                  case MERGE -> SupplementalGroupsPolicy.Merge;
                  case STRICT -> SupplementalGroupsPolicy.Strict;
                })
            .setNoNewPrivs(s.noNewPrivs())
            .addAllMaskedPaths(s.maskedPaths())
            .addAllReadonlyPaths(s.readonlyPaths())
            .setSeccomp(profile(s.seccomp()));
    s.apparmor().ifPresent(profile -> security.setApparmor(profile(profile)));
    s.runAsUser().ifPresent(id -> security.setRunAsUser(Int64Value.newBuilder().setValue(id)));
    s.runAsGroup().ifPresent(id -> security.setRunAsGroup(Int64Value.newBuilder().setValue(id)));
    if (!s.selinux().equals(SelinuxLabel.NONE)) {
      security.setSelinuxOptions(
          SELinuxOption.newBuilder()
              .setUser(s.selinux().user())
              .setRole(s.selinux().role())
              .setType(s.selinux().type())
              .setLevel(s.selinux().level()));
    }
    return security.build();
  }

  private static SecurityProfile profile(dev.hearth.runtime.model.SecurityProfile profile) {
    return SecurityProfile.newBuilder()
        .setProfileType(
            switch (profile.kind()) {
              case RUNTIME_DEFAULT -> SecurityProfile.ProfileType.RuntimeDefault;
              case UNCONFINED -> SecurityProfile.ProfileType.Unconfined;
              case LOCALHOST -> SecurityProfile.ProfileType.Localhost;
            })
        .setLocalhostRef(profile.localhostRef())
        .build();
  }
}
