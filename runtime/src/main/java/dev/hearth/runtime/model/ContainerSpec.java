package dev.hearth.runtime.model;

import java.util.List;
import java.util.Map;

/**
 * What a caller asked a container to be; our durable form of CRI's ContainerConfig.
 *
 * @param image the reference or id to run, as the caller gave it
 * @param userSpecifiedImage what a person wrote, when the kubelet resolved it first; may be empty
 * @param command replaces the image's entrypoint when not empty
 * @param args replaces the image's command when not empty
 * @param logPath relative to the pod's log directory; empty for no log
 * @param stopSignal name such as SIGTERM; empty for the image's
 */
public record ContainerSpec(
    ContainerMetadata metadata,
    String image,
    String userSpecifiedImage,
    List<String> command,
    List<String> args,
    String workingDirectory,
    List<EnvironmentVariable> environment,
    List<MountSpec> mounts,
    List<DeviceSpec> devices,
    List<String> cdiDevices,
    Map<String, String> labels,
    Map<String, String> annotations,
    String logPath,
    boolean stdin,
    boolean stdinOnce,
    boolean tty,
    Resources resources,
    SecurityContext security,
    String stopSignal) {

  public ContainerSpec {
    command = List.copyOf(command);
    args = List.copyOf(args);
    environment = List.copyOf(environment);
    mounts = List.copyOf(mounts);
    devices = List.copyOf(devices);
    cdiDevices = List.copyOf(cdiDevices);
    labels = Checks.map("container labels", labels);
    annotations = Checks.map("container annotations", annotations);
    if (image.isEmpty()) {
      throw new HearthException.InvalidRequest("container " + metadata.name() + " names no image");
    }
    Checks.text("image", image);
    Checks.noNul("command", command);
    Checks.noNul("arguments", args);
    Checks.noNul("working directory", workingDirectory);
    Checks.text("log path", logPath);
    if (logPath.startsWith("/") || List.of(logPath.split("/", -1)).contains("..")) {
      throw new HearthException.InvalidRequest(
          "log path must stay inside the pod's log directory: " + logPath);
    }
    Checks.text("stop signal", stopSignal);
  }

  /** The same container under other limits. */
  public ContainerSpec withResources(Resources newResources) {
    return adjusted(command, args, environment, mounts, devices, cdiDevices, newResources);
  }

  /** The same container in a user namespace, which the files of its mounts are shown to. */
  ContainerSpec with(UserNamespace users) {
    return with(
        command,
        args,
        environment,
        mounts.stream()
            .map(mount ->
                mount.image().isEmpty() && mount.idMappings().isEmpty() ? mount.with(users) : mount)
            .toList(),
        devices,
        cdiDevices,
        resources,
        security.with(users));
  }

  /** The same container with another process, in other surroundings. */
  public ContainerSpec adjusted(
      List<String> newCommand,
      List<String> newArgs,
      List<EnvironmentVariable> newEnvironment,
      List<MountSpec> newMounts,
      List<DeviceSpec> newDevices,
      List<String> newCdiDevices,
      Resources newResources) {
    return with(
        newCommand,
        newArgs,
        newEnvironment,
        newMounts,
        newDevices,
        newCdiDevices,
        newResources,
        security);
  }

  private ContainerSpec with(
      List<String> newCommand,
      List<String> newArgs,
      List<EnvironmentVariable> newEnvironment,
      List<MountSpec> newMounts,
      List<DeviceSpec> newDevices,
      List<String> newCdiDevices,
      Resources newResources,
      SecurityContext newSecurity) {
    return new ContainerSpec(
        metadata,
        image,
        userSpecifiedImage,
        newCommand,
        newArgs,
        workingDirectory,
        newEnvironment,
        newMounts,
        newDevices,
        newCdiDevices,
        labels,
        annotations,
        logPath,
        stdin,
        stdinOnce,
        tty,
        newResources,
        newSecurity,
        stopSignal);
  }
}
