package dev.hearth.runtime.container;

import dev.hearth.runtime.event.ContainerEvent;
import dev.hearth.runtime.event.ContainerEvents;
import dev.hearth.runtime.image.Image;
import dev.hearth.runtime.image.Images;
import dev.hearth.runtime.model.ContainerId;
import dev.hearth.runtime.model.ContainerRecord;
import dev.hearth.runtime.model.ContainerSpec;
import dev.hearth.runtime.model.ContainerState;
import dev.hearth.runtime.model.Digest;
import dev.hearth.runtime.model.Failpoints;
import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.model.NodePlugins;
import dev.hearth.runtime.model.ProcessUser;
import dev.hearth.runtime.model.RandomIds;
import dev.hearth.runtime.model.Steps;
import dev.hearth.runtime.pod.Pod;
import dev.hearth.runtime.pod.Pods;
import dev.hearth.runtime.snapshot.ImageVolume;
import dev.hearth.runtime.store.StoreException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Makes a container that can be started: its image is resolved, its writable layer made, its user
 * looked up, its launch plan tried out.
 *
 * <p>A repeat of a request that is still under way waits for it; a repeat of one that is done
 * answers the same id.
 */
public final class CreateContainer {
  /** Why a container has exited that stands for what is left of a creation. */
  private static final String NOT_CREATED = "CreateError";

  private static final ProcessUser NOT_LOOKED_UP = new ProcessUser(0, 0, List.of(), "/");

  private final Pods pods;
  private final Containers containers;
  private final Images images;
  private final ContainerParts parts;
  private final ContainerPlanner planner;
  private final RestoredContainers restored;
  private final NodePlugins plugins;
  private final InjectDevices devices;
  private final ContainerEvents events;
  private final RandomIds ids;
  private final InstantSource clock;
  private final Failpoints failpoints;

  public CreateContainer(
      Pods pods,
      Containers containers,
      Images images,
      ContainerParts parts,
      ContainerPlanner planner,
      RestoredContainers restored,
      NodePlugins plugins,
      InjectDevices devices,
      ContainerEvents events,
      RandomIds ids,
      InstantSource clock,
      Failpoints failpoints) {
    this.pods = pods;
    this.containers = containers;
    this.images = images;
    this.parts = parts;
    this.planner = planner;
    this.restored = restored;
    this.plugins = plugins;
    this.devices = devices;
    this.events = events;
    this.ids = ids;
    this.clock = clock;
    this.failpoints = failpoints;
  }

  /**
   * @param podId or a unique prefix of one
   * @throws HearthException.NotFound if the pod or the image is not there
   * @throws HearthException.WrongState if the pod is not ready, or a container of that name was
   *     asked for with another configuration
   */
  public ContainerId create(String podId, ContainerSpec spec) {
    Pod pod = pods.require(podId);
    pod.shared().lock();
    try {
      if (!pod.ready()) {
        throw new HearthException.WrongState("pod sandbox " + pod.id() + " is not ready");
      }
      ContainerSpec completed = pod.record().completed(spec);
      return create(pod, completed, image(completed));
    } finally {
      pod.shared().unlock();
    }
  }

  private ContainerId create(Pod pod, ContainerSpec spec, Image image) {
    while (true) {
      Container container =
          containers.claim(pod.id(), spec.metadata(), _ -> first(pod, spec, image));
      container.lock().lock();
      try {
        if (!container.gone()) {
          return container.recorded() ? existing(container, spec) : make(pod, container);
        }
        // The one we waited for failed or was removed: ask for another.
      } finally {
        container.lock().unlock();
      }
    }
  }

  private ContainerRecord first(Pod pod, ContainerSpec spec, Image image) {
    return new ContainerRecord(
        ids.container(),
        pod.id(),
        spec,
        image.id(),
        image.reference(),
        image.config(),
        NOT_LOOKED_UP,
        clock.instant(),
        new ContainerState.Creating(),
        Optional.empty());
  }

  private static ContainerId existing(Container container, ContainerSpec spec) {
    switch (container.state()) {
      case ContainerState.Created _, ContainerState.Running _ -> {}
      case ContainerState.Exited exited -> {
        if (exited.reason().equals(NOT_CREATED)) {
          throw useless(container, "could not be created, nor taken away again");
        }
      }
      case ContainerState.Creating _ -> throw useless(container, "was never wholly made");
      case ContainerState.Removing _ -> throw useless(container, "is being removed");
    }
    // Its limits may have been changed since, which makes it no other container.
    if (!container.record().requested().withResources(spec.resources()).equals(spec)) {
      throw new HearthException.WrongState(
          "container "
              + container.id()
              + " called "
              + spec.metadata()
              + " exists in the pod with another configuration: remove it, or ask for the next"
              + " attempt");
    }
    return container.id();
  }

  private static HearthException useless(Container container, String why) {
    return new HearthException.WrongState(
        "container "
            + container.id()
            + " called "
            + container.spec().metadata()
            + " "
            + why
            + ": remove it, or ask for the next attempt");
  }

  private ContainerId make(Pod pod, Container container) {
    try (NodePlugins.Turn turn = plugins.begin()) {
      return make(pod, container, turn);
    }
  }

  private ContainerId make(Pod pod, Container container, NodePlugins.Turn turn) {
    Steps steps = new Steps(failpoints, "CreateContainer");
    ContainerId id = container.id();
    try {
      steps.run("record intent", () -> container.replace(container.record()));
      Optional<Path> archive = RestoredContainers.archive(container.spec());
      if (archive.isPresent()) {
        AtomicReference<@Nullable Digest> added = new AtomicReference<>();
        steps.run(
            "checkpoint",
            () -> container.replace(restored.unpack(container.record(), archive.get(), added::set)),
            () -> {
              Digest layer = added.get();
              if (layer != null) {
                parts.removeLayer(layer, images);
              }
              restored.discard(id);
            });
      }
      List<ImageVolume> volumes = volumes(container.spec());
      steps.run(
          "snapshot",
          () -> parts.makeSnapshot(container.record(), volumes),
          () -> parts.removeSnapshot(id));
      steps.run("image volumes", () -> planner.checkVolumes(container.record()));
      steps.run("state directory", () -> parts.makeState(id), () -> parts.deleteState(id));
      steps.run("log folder", () -> parts.makeLogFolder(pod.record(), container.record()));
      steps.run("pid namespace", () -> parts.needPidNamespace(pod, container.record()));
      ProcessUser user = steps.make("user", () -> planner.user(container.record()), () -> {});
      ContainerRecord asked = container.record().with(user).with(new ContainerState.Created());
      ContainerRecord admitted =
          steps.make("plugins", () -> turn.admit(pod.record(), asked), () -> withdraw(asked));
      ContainerRecord ready =
          steps.make("devices", () -> devices.into(pod.record(), admitted), () -> {});
      steps.run("plan", () -> planner.check(pod.record(), ready));
      steps.run("record created", () -> container.replace(ready));
    } catch (Exception e) {
      throw giveUp(container, steps, e);
    }
    containers.publish(container);
    events.publish(ContainerEvent.Kind.CREATED, pod.id(), id);
    turn.created(container.record());
    return id;
  }

  private List<ImageVolume> volumes(ContainerSpec spec) {
    return spec.mounts().stream()
        .filter(mount -> !mount.image().isEmpty())
        .map(mount -> {
          Image image = require(mount.image());
          return new ImageVolume(mount.containerPath(), image.id(), image.config().diffIds());
        })
        .toList();
  }

  private Image image(ContainerSpec spec) {
    return RestoredContainers.archive(spec)
        .map(archive -> restored.base(archive, spec))
        .orElseGet(() -> require(spec.image()));
  }

  private Image require(String image) {
    return images
        .resolve(image)
        .orElseThrow(
            () -> new HearthException.NotFound("image " + image + " is not here: pull it first"));
  }

  /** Those plugins that admitted it give back what they set aside for it. */
  private void withdraw(ContainerRecord container) {
    plugins.containerStopped(container);
    plugins.containerRemoved(container);
  }

  /** Undoes everything. What cannot be undone stays visible, so that Remove can finish it. */
  private HearthException giveUp(Container container, Steps steps, Exception cause) {
    HearthException failure =
        ContainerFailure.of(
            "container " + container.spec().metadata() + " could not be created", cause);
    steps.undo(failure);
    try {
      if (failure.getSuppressed().length == 0) {
        container.forget();
        containers.withdraw(container);
        return failure;
      }
      container.settle(
          container.record().with(ContainerExits.neverRan(clock.instant(), NOT_CREATED, failure)));
    } catch (StoreException e) {
      failure.addSuppressed(e);
    }
    containers.publish(container);
    return failure;
  }
}
