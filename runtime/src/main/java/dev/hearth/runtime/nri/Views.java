package dev.hearth.runtime.nri;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.hearth.linux.Namespace;
import dev.hearth.proto.nri.v1alpha1.CDIDevice;
import dev.hearth.proto.nri.v1alpha1.Container;
import dev.hearth.proto.nri.v1alpha1.ContainerState;
import dev.hearth.proto.nri.v1alpha1.Image;
import dev.hearth.proto.nri.v1alpha1.LinuxContainer;
import dev.hearth.proto.nri.v1alpha1.LinuxDevice;
import dev.hearth.proto.nri.v1alpha1.LinuxNamespace;
import dev.hearth.proto.nri.v1alpha1.LinuxPodSandbox;
import dev.hearth.proto.nri.v1alpha1.Mount;
import dev.hearth.proto.nri.v1alpha1.OptionalFileMode;
import dev.hearth.proto.nri.v1alpha1.OptionalInt;
import dev.hearth.proto.nri.v1alpha1.OptionalUInt32;
import dev.hearth.proto.nri.v1alpha1.POSIXRlimit;
import dev.hearth.proto.nri.v1alpha1.PodSandbox;
import dev.hearth.proto.nri.v1alpha1.SecurityProfile;
import dev.hearth.proto.nri.v1alpha1.User;
import dev.hearth.runtime.cgroup.CgroupException;
import dev.hearth.runtime.container.ContainerInfo;
import dev.hearth.runtime.model.Adjustment;
import dev.hearth.runtime.model.ContainerRecord;
import dev.hearth.runtime.model.Layout;
import dev.hearth.runtime.model.PodRecord;
import dev.hearth.runtime.model.PodSpec;
import dev.hearth.runtime.model.PodState;
import dev.hearth.runtime.pod.SandboxParts;
import dev.hearth.runtime.spec.RuntimeSpecJson;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Pods and containers as plugins are shown them. */
final class Views {
  private static final long NANOS = 1_000_000_000L;

  private final Layout layout;
  private final SandboxParts sandboxes;
  private final ContainerInfo info;

  Views(Layout layout, SandboxParts sandboxes, ContainerInfo info) {
    this.layout = layout;
    this.sandboxes = sandboxes;
    this.info = info;
  }

  PodSandbox pod(PodRecord pod) {
    PodSpec spec = pod.spec();
    PodSandbox.Builder view =
        PodSandbox.newBuilder()
            .setId(pod.id().value())
            .setName(spec.metadata().name())
            .setUid(spec.metadata().uid())
            .setNamespace(spec.metadata().namespace())
            .putAllLabels(spec.labels())
            .putAllAnnotations(spec.annotations())
            .setRuntimeHandler(spec.runtimeHandler())
            .setLinux(
                LinuxPodSandbox.newBuilder()
                    .setPodOverhead(Limiting.shown(spec.overhead()))
                    .setPodResources(Limiting.shown(spec.resources()))
                    .setCgroupParent(spec.cgroupParent())
                    .setCgroupsPath(cgroup(pod))
                    .addAllNamespaces(namespaces(pod)));
    if (pod.state() instanceof PodState.Ready ready) {
      view.addAllIps(ready.addresses());
    }
    return view.build();
  }

  private String cgroup(PodRecord pod) {
    try {
      return sandboxes.cgroup(pod.id(), pod.spec()).value();
    } catch (CgroupException e) {
      // A parent that cannot be meant has been refused long before.
      return "";
    }
  }

  private List<LinuxNamespace> namespaces(PodRecord pod) {
    List<LinuxNamespace> shown = new ArrayList<>();
    for (Namespace kind : SandboxParts.kinds(pod.spec())) {
      shown.add(
          LinuxNamespace.newBuilder()
              .setType(RuntimeSpecJson.type(kind))
              .setPath(SandboxParts.pin(layout.pod(pod.id()), kind).toString())
              .build());
    }
    return shown;
  }

  Container container(ContainerRecord container) {
    return container(container, info.runtimeSpec(container));
  }

  /**
   * The same, for one that is to be created.
   *
   * @throws dev.hearth.runtime.model.HearthException if it cannot be
   */
  Container candidate(ContainerRecord container) {
    return container(container, info.compiledSpec(container));
  }

  private static Container container(ContainerRecord container, JsonObject spec) {
    JsonObject process = object(spec, "process");
    Container.Builder view =
        Container.newBuilder()
            .setId(container.id().value())
            .setPodSandboxId(container.podId().value())
            .setName(container.spec().metadata().name())
            .putAllLabels(container.spec().labels())
            .putAllAnnotations(container.adjustedAnnotations())
            .addAllArgs(texts(process, "args"))
            .addAllEnv(texts(process, "env"))
            .setLinux(linux(container, spec))
            .setUser(
                User.newBuilder()
                    .setUid((int) container.user().uid())
                    .setGid((int) container.user().gid())
                    .addAllAdditionalGids(
                        container.user().groups().stream().map(Long::intValue).toList()))
            .setImage(
                Image.newBuilder()
                    .setName(
                        container.spec().userSpecifiedImage().isEmpty()
                            ? container.spec().image()
                            : container.spec().userSpecifiedImage())
                    .setDigest(digest(container.imageRef()))
                    .setConfigDigest(container.imageId().toString()))
            .setCreatedAt(nanos(container.createdAt()));
    elements(spec, "mounts").forEach(mount -> view.addMounts(mount(mount)));
    container
        .spec()
        .cdiDevices()
        .forEach(name -> view.addCDIDevices(CDIDevice.newBuilder().setName(name)));
    container
        .adjustment()
        .map(Adjustment::limits)
        .orElseGet(List::of)
        .forEach(limit ->
            view.addRlimits(
                POSIXRlimit.newBuilder()
                    .setType(limit.kind())
                    .setSoft(limit.soft())
                    .setHard(limit.hard())));
    state(container, view);
    return view.build();
  }

  private static String digest(String reference) {
    int at = reference.indexOf('@');
    return at < 0 ? "" : reference.substring(at + 1);
  }

  private static void state(ContainerRecord container, Container.Builder view) {
    switch (container.state()) {
      case dev.hearth.runtime.model.ContainerState.Creating _,
          dev.hearth.runtime.model.ContainerState.Created _ ->
          view.setState(ContainerState.CONTAINER_CREATED);
      case dev.hearth.runtime.model.ContainerState.Running running ->
          view.setState(ContainerState.CONTAINER_RUNNING)
              .setPid(running.pid())
              .setStartedAt(nanos(running.startedAt()));
      case dev.hearth.runtime.model.ContainerState.Exited exited -> ended(exited, view);
      case dev.hearth.runtime.model.ContainerState.Removing removing ->
          ended(removing.last(), view);
    }
  }

  private static void ended(
      dev.hearth.runtime.model.ContainerState.Exited exited, Container.Builder view) {
    view.setState(ContainerState.CONTAINER_STOPPED)
        .setStartedAt(exited.startedAt().map(Views::nanos).orElse(0L))
        .setFinishedAt(nanos(exited.finishedAt()))
        .setExitCode(exited.exitCode())
        .setStatusReason(exited.reason())
        .setStatusMessage(exited.message());
  }

  private static LinuxContainer linux(ContainerRecord container, JsonObject spec) {
    JsonObject linux = object(spec, "linux");
    LinuxContainer.Builder view =
        LinuxContainer.newBuilder()
            .setResources(Limiting.shown(container.spec().resources()))
            .setOomScoreAdj(
                OptionalInt.newBuilder().setValue(container.spec().resources().oomScoreAdj()))
            .setSeccompProfile(profile(container.spec().security().seccomp()));
    text(linux, "cgroupsPath").ifPresent(view::setCgroupsPath);
    for (JsonObject namespace : elements(linux, "namespaces")) {
      view.addNamespaces(
          LinuxNamespace.newBuilder()
              .setType(text(namespace, "type").orElse(""))
              .setPath(text(namespace, "path").orElse("")));
    }
    elements(linux, "devices").forEach(device -> view.addDevices(device(device)));
    return view.build();
  }

  private static SecurityProfile profile(dev.hearth.runtime.model.SecurityProfile profile) {
    return SecurityProfile.newBuilder()
        .setProfileType(
            switch (profile.kind()) {
              case RUNTIME_DEFAULT -> SecurityProfile.ProfileType.RUNTIME_DEFAULT;
              case UNCONFINED -> SecurityProfile.ProfileType.UNCONFINED;
              case LOCALHOST -> SecurityProfile.ProfileType.LOCALHOST;
            })
        .setLocalhostRef(profile.localhostRef())
        .build();
  }

  private static Mount mount(JsonObject mount) {
    return Mount.newBuilder()
        .setDestination(text(mount, "destination").orElse(""))
        .setType(text(mount, "type").orElse(""))
        .setSource(text(mount, "source").orElse(""))
        .addAllOptions(texts(mount, "options"))
        .build();
  }

  private static LinuxDevice device(JsonObject device) {
    return LinuxDevice.newBuilder()
        .setPath(text(device, "path").orElse(""))
        .setType(text(device, "type").orElse(""))
        .setMajor(device.get("major").getAsLong())
        .setMinor(device.get("minor").getAsLong())
        .setFileMode(OptionalFileMode.newBuilder().setValue(device.get("fileMode").getAsInt()))
        .setUid(OptionalUInt32.newBuilder().setValue((int) device.get("uid").getAsLong()))
        .setGid(OptionalUInt32.newBuilder().setValue((int) device.get("gid").getAsLong()))
        .build();
  }

  private static long nanos(Instant instant) {
    return instant.getEpochSecond() * NANOS + instant.getNano();
  }

  private static JsonObject object(JsonObject json, String name) {
    JsonElement found = json.get(name);
    return found == null ? new JsonObject() : found.getAsJsonObject();
  }

  private static List<JsonObject> elements(JsonObject json, String name) {
    JsonElement found = json.get(name);
    return found == null
        ? List.of()
        : found.getAsJsonArray().asList().stream().map(JsonElement::getAsJsonObject).toList();
  }

  private static List<String> texts(JsonObject json, String name) {
    JsonElement found = json.get(name);
    return found == null
        ? List.of()
        : found.getAsJsonArray().asList().stream().map(JsonElement::getAsString).toList();
  }

  private static Optional<String> text(JsonObject json, String name) {
    return Optional.ofNullable(json.get(name)).map(JsonElement::getAsString);
  }
}
