package dev.hearth.cli;

import dev.hearth.proto.cri.v1.ContainerState;
import dev.hearth.proto.cri.v1.ImageSpec;
import dev.hearth.proto.cri.v1.ListContainersRequest;
import dev.hearth.proto.cri.v1.PodSandboxState;
import dev.hearth.proto.cri.v1.RemoveContainerRequest;
import dev.hearth.proto.cri.v1.RemoveImageRequest;
import dev.hearth.proto.cri.v1.RemovePodSandboxRequest;
import dev.hearth.proto.cri.v1.StopPodSandboxRequest;
import java.util.EnumSet;
import java.util.Set;

final class RemoveCommand implements Subcommand {
  private static final Option<Kind> TYPE = Kind.option();
  private static final Option<Boolean> FORCE =
      Option.flag("Those that run, and images that containers use, too.", "-f", "--force");

  @Override
  public Usage usage() {
    return Usage.of(
            "hearth rm",
            "Removes containers, pods with all their containers, or images.",
            "What runs or is used is left alone unless -f is given. Logs stay where they are.")
        .takingMany("WHAT", "Id, its beginning, or name; pods also as NAMESPACE/NAME.")
        .with(TYPE, FORCE);
  }

  @Override
  public int run(Given given, Session session) {
    Set<Kind> kinds = given.value(TYPE).map(EnumSet::of).orElse(EnumSet.allOf(Kind.class));
    try (Daemon daemon = session.daemon()) {
      for (String wanted : given.parameters()) {
        Found found = Search.one(wanted, kinds, daemon);
        remove(found, given.has(FORCE), daemon);
        session.out().println(found.id());
      }
    }
    return ExitCode.OK;
  }

  private static void remove(Found found, boolean force, Daemon daemon) {
    if (!force) {
      refuseIfNeeded(found, daemon);
    }
    switch (found) {
      case Found.OfPod pod -> removePod(pod.id(), daemon);
      case Found.OfContainer container ->
          daemon
              .patientRuntime()
              .removeContainer(
                  RemoveContainerRequest.newBuilder().setContainerId(container.id()).build());
      case Found.OfImage image ->
          daemon
              .patientImages()
              .removeImage(
                  RemoveImageRequest.newBuilder()
                      .setImage(ImageSpec.newBuilder().setImage(image.id()))
                      .build());
    }
  }

  private static void removePod(String id, Daemon daemon) {
    daemon
        .patientRuntime()
        .stopPodSandbox(StopPodSandboxRequest.newBuilder().setPodSandboxId(id).build());
    daemon
        .patientRuntime()
        .removePodSandbox(RemovePodSandboxRequest.newBuilder().setPodSandboxId(id).build());
  }

  private static void refuseIfNeeded(Found found, Daemon daemon) {
    switch (found) {
      case Found.OfPod pod -> {
        if (pod.pod().getState() == PodSandboxState.SANDBOX_READY) {
          throw runs(found);
        }
      }
      case Found.OfContainer container -> {
        if (container.container().getState() == ContainerState.CONTAINER_RUNNING) {
          throw runs(found);
        }
      }
      case Found.OfImage image -> {
        var all = daemon.runtime().listContainers(ListContainersRequest.getDefaultInstance());
        long users =
            all.getContainersList().stream()
                .filter(container -> container.getImageId().equals(image.id()))
                .count();
        if (users > 0) {
          throw CommandFailure.failed(
              "%s is used by %d containers; remove them first, or give -f"
                  .formatted(found.described(), users));
        }
      }
    }
  }

  private static CommandFailure runs(Found found) {
    return CommandFailure.failed(found.described() + " runs; stop it first, or give -f");
  }
}
