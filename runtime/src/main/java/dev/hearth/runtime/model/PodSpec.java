package dev.hearth.runtime.model;

import java.util.List;
import java.util.Map;

/**
 * What a caller asked a pod sandbox to be; our durable form of CRI's PodSandboxConfig.
 *
 * @param hostname may be empty: then the node's own
 * @param logDirectory host directory of the containers' logs; may be empty
 * @param cgroupParent cgroup under which the pod's own is made, as the kubelet names it; may be
 *     empty
 * @param runtimeHandler empty for the default
 */
public record PodSpec(
    PodMetadata metadata,
    String runtimeHandler,
    String hostname,
    String logDirectory,
    DnsConfig dns,
    List<PortMapping> ports,
    Map<String, String> labels,
    Map<String, String> annotations,
    String cgroupParent,
    NamespaceOptions namespaces,
    boolean privileged,
    Map<String, String> sysctls,
    SecurityProfile seccomp,
    Resources overhead,
    Resources resources) {

  /** Longest host name Linux takes, in bytes (gethostname(2), HOST_NAME_MAX). */
  private static final int MAX_HOSTNAME = 64;

  public PodSpec {
    ports = List.copyOf(ports);
    labels = Checks.map("pod labels", labels);
    annotations = Checks.map("pod annotations", annotations);
    sysctls = Checks.map("sysctls", sysctls);
    Checks.text("hostname", hostname);
    if (hostname.length() > MAX_HOSTNAME) {
      throw new HearthException.InvalidRequest(
          "hostname has " + hostname.length() + " characters; 64 are allowed: " + hostname);
    }
    if (!logDirectory.isEmpty()) {
      Checks.absolute("log directory", logDirectory);
    }
    Checks.text("cgroup parent", cgroupParent);
    if (namespaces.pid() == NamespaceMode.TARGET) {
      throw new HearthException.InvalidRequest("a pod cannot target a container's PID namespace");
    }
  }

  /** Whether the pod lives in the node's network namespace. */
  public boolean hostNetwork() {
    return namespaces.network() == NamespaceMode.NODE;
  }

  /** The same pod in a user namespace. */
  PodSpec with(UserNamespace users) {
    return with(namespaces.with(users), overhead, resources);
  }

  /** The same pod with other figures for all of it. */
  public PodSpec withResources(Resources newOverhead, Resources newResources) {
    return with(namespaces, newOverhead, newResources);
  }

  private PodSpec with(
      NamespaceOptions newNamespaces, Resources newOverhead, Resources newResources) {
    return new PodSpec(
        metadata,
        runtimeHandler,
        hostname,
        logDirectory,
        dns,
        ports,
        labels,
        annotations,
        cgroupParent,
        newNamespaces,
        privileged,
        sysctls,
        seccomp,
        newOverhead,
        newResources);
  }
}
