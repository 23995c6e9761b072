package dev.hearth.runtime.cri;

import dev.hearth.proto.cri.v1.ContainerConfig;
import dev.hearth.proto.cri.v1.IDMapping;
import dev.hearth.proto.cri.v1.Int64Value;
import dev.hearth.proto.cri.v1.KeyValue;
import dev.hearth.proto.cri.v1.LinuxContainerResources;
import dev.hearth.proto.cri.v1.LinuxContainerSecurityContext;
import dev.hearth.proto.cri.v1.LinuxSandboxSecurityContext;
import dev.hearth.proto.cri.v1.Mount;
import dev.hearth.proto.cri.v1.NamespaceOption;
import dev.hearth.proto.cri.v1.PodSandboxConfig;
import dev.hearth.proto.cri.v1.SELinuxOption;
import dev.hearth.proto.cri.v1.Signal;
import dev.hearth.runtime.model.ContainerMetadata;
import dev.hearth.runtime.model.ContainerSpec;
import dev.hearth.runtime.model.DeviceSpec;
import dev.hearth.runtime.model.DnsConfig;
import dev.hearth.runtime.model.EnvironmentVariable;
import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.model.IdMapping;
import dev.hearth.runtime.model.MountSpec;
import dev.hearth.runtime.model.NamespaceMode;
import dev.hearth.runtime.model.NamespaceOptions;
import dev.hearth.runtime.model.PodMetadata;
import dev.hearth.runtime.model.PodSpec;
import dev.hearth.runtime.model.PortMapping;
import dev.hearth.runtime.model.Resources;
import dev.hearth.runtime.model.SecurityContext;
import dev.hearth.runtime.model.SecurityProfile;
import dev.hearth.runtime.model.SelinuxLabel;
import dev.hearth.runtime.model.UserNamespace;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** CRI requests into our own records. What is malformed fails with its field's name. */
@SuppressWarnings("deprecation") // Older kubelets still send the fields that CRI deprecated.
final class FromCri {
  private FromCri() {}

  static PodSpec pod(PodSandboxConfig config, String runtimeHandler) {
    if (!config.hasMetadata()) {
      throw new HearthException.InvalidRequest("the pod sandbox has no metadata");
    }
    if (config.hasWindows()) {
      throw new HearthException.InvalidRequest("Windows pods do not run on Linux");
    }
    LinuxSandboxSecurityContext security = config.getLinux().getSecurityContext();
    return new PodSpec(
        new PodMetadata(
            config.getMetadata().getName(),
            config.getMetadata().getNamespace(),
            config.getMetadata().getUid(),
            config.getMetadata().getAttempt()),
        runtimeHandler,
        config.getHostname(),
        config.getLogDirectory(),
        new DnsConfig(
            config.getDnsConfig().getServersList(),
            config.getDnsConfig().getSearchesList(),
            config.getDnsConfig().getOptionsList()),
        config.getPortMappingsList().stream().map(FromCri::port).toList(),
        config.getLabelsMap(),
        config.getAnnotationsMap(),
        config.getLinux().getCgroupParent(),
        namespaces(security.getNamespaceOptions()),
        security.getPrivileged(),
        config.getLinux().getSysctlsMap(),
        seccomp(security.hasSeccomp(), security.getSeccomp(), security.getSeccompProfilePath()),
        resources(config.getLinux().getOverhead()),
        resources(config.getLinux().getResources()));
  }

  static ContainerSpec container(ContainerConfig config) {
    if (!config.hasMetadata()) {
      throw new HearthException.InvalidRequest("the container has no metadata");
    }
    if (config.hasWindows()) {
      throw new HearthException.InvalidRequest("Windows containers do not run on Linux");
    }
    return new ContainerSpec(
        new ContainerMetadata(config.getMetadata().getName(), config.getMetadata().getAttempt()),
        config.getImage().getImage(),
        config.getImage().getUserSpecifiedImage(),
        config.getCommandList(),
        config.getArgsList(),
        config.getWorkingDir(),
        config.getEnvsList().stream().map(FromCri::environment).toList(),
        config.getMountsList().stream().map(FromCri::mount).toList(),
        config.getDevicesList().stream()
            .map(d -> new DeviceSpec(d.getContainerPath(), d.getHostPath(), d.getPermissions()))
            .toList(),
        config.getCDIDevicesList().stream().map(device -> device.getName()).toList(),
        config.getLabelsMap(),
        config.getAnnotationsMap(),
        config.getLogPath(),
        config.getStdin(),
        config.getStdinOnce(),
        config.getTty(),
        resources(config.getLinux().getResources()),
        security(config.getLinux().getSecurityContext()),
        signal(config.getStopSignal()));
  }

  static Resources resources(LinuxContainerResources r) {
    Map<String, Long> hugepages = new TreeMap<>();
    r.getHugepageLimitsList()
        .forEach(limit -> hugepages.put(limit.getPageSize(), limit.getLimit()));
    if (r.getOomScoreAdj() < -1000 || r.getOomScoreAdj() > 1000) {
      throw new HearthException.InvalidRequest(
          "oom_score_adj is outside -1000..1000: " + r.getOomScoreAdj());
    }
    return new Resources(
        r.getCpuPeriod(),
        r.getCpuQuota(),
        r.getCpuShares(),
        r.getMemoryLimitInBytes(),
        r.getMemorySwapLimitInBytes(),
        (int) r.getOomScoreAdj(),
        r.getCpusetCpus(),
        r.getCpusetMems(),
        hugepages,
        r.getUnifiedMap(),
        0);
  }

  private static PortMapping port(dev.hearth.proto.cri.v1.PortMapping mapping) {
    PortMapping.Protocol protocol =
        switch (mapping.getProtocol()) {
          case TCP -> PortMapping.Protocol.TCP;
          case UDP -> PortMapping.Protocol.UDP;
          case SCTP -> PortMapping.Protocol.SCTP;
          case UNRECOGNIZED -> throw unknown("protocol", mapping.getProtocolValue());
        };
    return new PortMapping(
        protocol, mapping.getContainerPort(), mapping.getHostPort(), mapping.getHostIp());
  }

  private static NamespaceOptions namespaces(NamespaceOption option) {
    Optional<UserNamespace> user = Optional.empty();
    if (option.hasUsernsOptions()) {
      dev.hearth.proto.cri.v1.UserNamespace asked = option.getUsernsOptions();
      switch (asked.getMode()) {
        case POD ->
            user =
                Optional.of(
                    new UserNamespace(
                        mappings(asked.getUidsList()), mappings(asked.getGidsList())));
        case NODE -> {}
        case CONTAINER, TARGET, UNRECOGNIZED ->
            throw new HearthException.InvalidRequest(
                "user namespace mode must be POD or NODE, not " + asked.getMode());
      }
    }
    return new NamespaceOptions(
        mode(option.getNetwork(), option.getNetworkValue()),
        mode(option.getPid(), option.getPidValue()),
        mode(option.getIpc(), option.getIpcValue()),
        option.getTargetId(),
        user);
  }

  private static NamespaceMode mode(dev.hearth.proto.cri.v1.NamespaceMode mode, int number) {
    return switch (mode) {
      case POD -> NamespaceMode.POD;
      case CONTAINER -> NamespaceMode.CONTAINER;
      case NODE -> NamespaceMode.NODE;
      case TARGET -> NamespaceMode.TARGET;
      case UNRECOGNIZED -> throw unknown("namespace mode", number);
    };
  }

  private static List<IdMapping> mappings(List<IDMapping> mappings) {
    return mappings.stream()
        .map(m ->
            new IdMapping(
                Integer.toUnsignedLong(m.getHostId()),
                Integer.toUnsignedLong(m.getContainerId()),
                Integer.toUnsignedLong(m.getLength())))
        .toList();
  }

  private static SecurityContext security(LinuxContainerSecurityContext s) {
    return new SecurityContext(
        s.getCapabilities().getAddCapabilitiesList(),
        s.getCapabilities().getDropCapabilitiesList(),
        s.getCapabilities().getAddAmbientCapabilitiesList(),
        s.getPrivileged(),
        namespaces(s.getNamespaceOptions()),
        selinux(s.getSelinuxOptions()),
        id(s.hasRunAsUser(), s.getRunAsUser()),
        id(s.hasRunAsGroup(), s.getRunAsGroup()),
        s.getRunAsUsername(),
        s.getReadonlyRootfs(),
        s.getSupplementalGroupsList(),
        switch (s.getSupplementalGroupsPolicy()) {
          case Merge -> SecurityContext.GroupsPolicy.MERGE;
          case Strict -> SecurityContext.GroupsPolicy.STRICT;
          case UNRECOGNIZED ->
              throw unknown("supplemental groups policy", s.getSupplementalGroupsPolicyValue());
        },
        s.getNoNewPrivs(),
        s.getMaskedPathsList(),
        s.getReadonlyPathsList(),
        seccomp(s.hasSeccomp(), s.getSeccomp(), s.getSeccompProfilePath()),
        apparmor(s));
  }

  private static Optional<Long> id(boolean present, Int64Value value) {
    return present ? Optional.of(value.getValue()) : Optional.empty();
  }

  private static SelinuxLabel selinux(SELinuxOption o) {
    return new SelinuxLabel(o.getUser(), o.getRole(), o.getType(), o.getLevel());
  }

  // CRI: an absent seccomp profile means unconfined.
  private static SecurityProfile seccomp(
      boolean present, dev.hearth.proto.cri.v1.SecurityProfile profile, String oldPath) {
    return present ? profile(profile) : named(oldPath, SecurityProfile.UNCONFINED);
  }

  private static Optional<SecurityProfile> apparmor(LinuxContainerSecurityContext s) {
    if (s.hasApparmor()) {
      return Optional.of(profile(s.getApparmor()));
    }
    return s.getApparmorProfile().isEmpty()
        ? Optional.empty()
        : Optional.of(named(s.getApparmorProfile(), SecurityProfile.RUNTIME_DEFAULT));
  }

  private static SecurityProfile profile(dev.hearth.proto.cri.v1.SecurityProfile profile) {
    SecurityProfile.Kind kind =
        switch (profile.getProfileType()) {
          case RuntimeDefault -> SecurityProfile.Kind.RUNTIME_DEFAULT;
          case Unconfined -> SecurityProfile.Kind.UNCONFINED;
          case Localhost -> SecurityProfile.Kind.LOCALHOST;
          case UNRECOGNIZED -> throw unknown("profile type", profile.getProfileTypeValue());
        };
    return new SecurityProfile(kind, profile.getLocalhostRef());
  }

  /** The form that older kubelets send: one string. */
  private static SecurityProfile named(String name, SecurityProfile absent) {
    return switch (name) {
      case "" -> absent;
      case "runtime/default", "docker/default" -> SecurityProfile.RUNTIME_DEFAULT;
      case "unconfined" -> SecurityProfile.UNCONFINED;
      default -> {
        if (!name.startsWith("localhost/")) {
          throw new HearthException.InvalidRequest("unknown security profile: " + name);
        }
        yield new SecurityProfile(
            SecurityProfile.Kind.LOCALHOST, name.substring("localhost/".length()));
      }
    };
  }

  private static EnvironmentVariable environment(KeyValue variable) {
    try {
      String value =
          StandardCharsets.UTF_8
              .newDecoder()
              .onMalformedInput(CodingErrorAction.REPORT)
              .decode(ByteBuffer.wrap(variable.getValue().toByteArray()))
              .toString();
      return new EnvironmentVariable(variable.getKey(), value);
    } catch (CharacterCodingException e) {
      throw new HearthException.InvalidRequest(
          "environment variable " + variable.getKey() + " is not UTF-8", e);
    }
  }

  private static MountSpec mount(Mount m) {
    MountSpec.Propagation propagation =
        switch (m.getPropagation()) {
          case PROPAGATION_PRIVATE -> MountSpec.Propagation.PRIVATE;
          case PROPAGATION_HOST_TO_CONTAINER -> MountSpec.Propagation.HOST_TO_CONTAINER;
          case PROPAGATION_BIDIRECTIONAL -> MountSpec.Propagation.BIDIRECTIONAL;
          case UNRECOGNIZED -> throw unknown("mount propagation", m.getPropagationValue());
        };
    Optional<UserNamespace> mappings =
        m.getUidMappingsCount() == 0 && m.getGidMappingsCount() == 0
            ? Optional.empty()
            : Optional.of(
                new UserNamespace(
                    mappings(m.getUidMappingsList()), mappings(m.getGidMappingsList())));
    return new MountSpec(
        m.getContainerPath(),
        m.getHostPath(),
        m.getReadonly(),
        m.getRecursiveReadOnly(),
        m.getSelinuxRelabel(),
        propagation,
        mappings,
        m.getImage().getImage(),
        m.getImageSubPath(),
        m.getMountOptionsList());
  }

  /** A signal's usual name; empty for the image's. */
  private static String signal(Signal signal) {
    return switch (signal) {
      case SIGNAL_RUNTIME_DEFAULT -> "";
      case UNRECOGNIZED -> throw new HearthException.InvalidRequest("the stop signal is unknown");
      // Our names are CRI's without its prefix: SIGTERM, SIGRTMINPLUS1.
      default -> signal.name().substring("SIGNAL_".length());
    };
  }

  private static HearthException unknown(String field, int number) {
    return new HearthException.InvalidRequest("unknown " + field + ": " + number);
  }
}
