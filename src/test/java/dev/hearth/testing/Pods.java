package dev.hearth.testing;

import com.google.gson.JsonParser;
import dev.hearth.proto.cri.v1.ContainerConfig;
import dev.hearth.proto.cri.v1.ContainerMetadata;
import dev.hearth.proto.cri.v1.ImageSpec;
import dev.hearth.proto.cri.v1.LinuxContainerConfig;
import dev.hearth.proto.cri.v1.LinuxContainerSecurityContext;
import dev.hearth.proto.cri.v1.LinuxPodSandboxConfig;
import dev.hearth.proto.cri.v1.LinuxSandboxSecurityContext;
import dev.hearth.proto.cri.v1.NamespaceMode;
import dev.hearth.proto.cri.v1.NamespaceOption;
import dev.hearth.proto.cri.v1.PodSandboxConfig;
import dev.hearth.proto.cri.v1.PodSandboxMetadata;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Requests as the kubelet makes them, to be changed with {@code toBuilder()} where a test differs.
 */
public final class Pods {
  private Pods() {}

  /** A pod with namespaces of its own, each container with a PID namespace of its own. */
  public static PodSandboxConfig pod(String name, Path logs) {
    return pod(name, logs, NamespaceMode.POD);
  }

  /** A pod on the host's network. */
  public static PodSandboxConfig hostNetworkPod(String name, Path logs) {
    return pod(name, logs, NamespaceMode.NODE);
  }

  private static PodSandboxConfig pod(String name, Path logs, NamespaceMode network) {
    try {
      // The kubelet makes it before it asks for the pod.
      Files.createDirectories(logs.resolve(name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return PodSandboxConfig.newBuilder()
        .setMetadata(
            PodSandboxMetadata.newBuilder()
                .setName(name)
                .setUid("uid-" + name)
                .setNamespace("default"))
        .setHostname(network == NamespaceMode.NODE ? "" : name)
        .setLogDirectory(logs.resolve(name).toString())
        .putLabels("app", name)
        .setLinux(
            LinuxPodSandboxConfig.newBuilder()
                .setSecurityContext(
                    LinuxSandboxSecurityContext.newBuilder()
                        .setNamespaceOptions(namespaces(network))))
        .build();
  }

  /** A container that runs {@code command}, or what its image says if that is empty. */
  public static ContainerConfig container(String name, String image, String... command) {
    return ContainerConfig.newBuilder()
        .setMetadata(ContainerMetadata.newBuilder().setName(name))
        .setImage(ImageSpec.newBuilder().setImage(image))
        .addAllCommand(List.of(command))
        .setLogPath(name + ".log")
        .setLinux(
            LinuxContainerConfig.newBuilder()
                .setSecurityContext(
                    LinuxContainerSecurityContext.newBuilder()
                        .setNamespaceOptions(namespaces(NamespaceMode.POD))))
        .build();
  }

  /** Those of a pod and of its containers are the same, as the kubelet has them. */
  private static NamespaceOption namespaces(NamespaceMode network) {
    return NamespaceOption.newBuilder()
        .setNetwork(network)
        .setPid(NamespaceMode.CONTAINER)
        .setIpc(NamespaceMode.POD)
        .build();
  }

  /** Where the log of a container of {@link #container} lies. */
  public static Path log(PodSandboxConfig pod, ContainerConfig container) {
    return Path.of(pod.getLogDirectory()).resolve(container.getLogPath());
  }

  /** The complete lines of that log, none if it is not there yet. */
  public static List<String> logLines(PodSandboxConfig pod, ContainerConfig container) {
    Path log = log(pod, container);
    try {
      return Files.exists(log) ? Files.readAllLines(log) : List.of();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** All processes that run in a container's cgroup, as the host sees them. */
  public static List<Long> processes(String containerId) {
    return ProcessHandle.allProcesses()
        .map(ProcessHandle::pid)
        .filter(pid -> runsIn(containerId, processFolder(pid)))
        .toList();
  }

  private static boolean runsIn(String containerId, Path process) {
    try {
      // One that has ended and is not reaped yet has no command line any more.
      return Files.readString(process.resolve("cgroup")).contains(containerId)
          && Files.readAllBytes(process.resolve("cmdline")).length > 0;
    } catch (IOException e) {
      return false; // it has just ended
    }
  }

  /** The process of a running container as the host sees it, from the verbose status. */
  public static long pid(Cri cri, String containerId) {
    String info = cri.info(containerId).getOrDefault("info", "{}");
    return JsonParser.parseString(info).getAsJsonObject().get("pid").getAsLong();
  }

  /** There as long as the process is. */
  public static Path processFolder(long pid) {
    return Path.of("/proc", Long.toString(pid));
  }
}
