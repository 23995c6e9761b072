package dev.hearth.runtime.container;

import dev.hearth.linux.ProcessIdentity;
import dev.hearth.runtime.cgroup.Cgroup;
import dev.hearth.runtime.cgroup.CgroupException;
import dev.hearth.runtime.checkpoint.CheckpointException;
import dev.hearth.runtime.checkpoint.Checkpoints;
import dev.hearth.runtime.model.ContainerId;
import dev.hearth.runtime.model.ContainerRecord;
import dev.hearth.runtime.model.ContainerState;
import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.model.NamespaceMode;
import dev.hearth.runtime.model.PodRecord;
import dev.hearth.runtime.pod.Pods;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * Saves a container, which runs on, to an archive. It stands still while its memory and files are
 * read, and goes on while the archive is written.
 *
 * <p>No lock is held: a container that is stopped or removed meanwhile makes the checkpoint fail.
 */
public final class CheckpointContainer {
  private static final System.Logger LOG = System.getLogger("dev.hearth.container");

  /** How long processes may take to stand still, if the caller does not say. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  /** How long a criu whose daemon is gone may take to finish before its container goes on. */
  private static final Duration FINISHING = Duration.ofMinutes(1);

  private static final Duration LOOKING_AGAIN = Duration.ofMinutes(10);

  private final Pods pods;
  private final Containers containers;
  private final ContainerParts parts;
  private final ContainerPlanner planner;
  private final ContainerInfo info;
  private final Checkpoints checkpoints;

  public CheckpointContainer(
      Pods pods,
      Containers containers,
      ContainerParts parts,
      ContainerPlanner planner,
      ContainerInfo info,
      Checkpoints checkpoints) {
    this.pods = pods;
    this.containers = containers;
    this.parts = parts;
    this.planner = planner;
    this.info = info;
    this.checkpoints = checkpoints;
  }

  /**
   * @param id or a unique prefix of one
   * @param location where the archive is to be, in full; what is there is replaced
   * @param patience how long processes may take to stand still; zero leaves it to us
   * @throws HearthException.NotFound if there is no such container
   * @throws HearthException.WrongState if it does not run, cannot be saved, or criu is not there or
   *     does not work
   */
  public void save(String id, String location, Duration patience) {
    Container container = containers.require(id);
    Path archive = archive(location);
    try {
      checkSaveable(container);
      try (Checkpoints.Saving saving = begin(container)) {
        save(container, saving, archive, patience.isPositive() ? patience : PATIENCE);
      }
    } catch (IOException | CgroupException | InterruptedException | HearthException e) {
      throw ContainerFailure.of("container " + container.id() + " could not be saved", e);
    }
  }

  private void save(Container container, Checkpoints.Saving saving, Path archive, Duration within)
      throws IOException, CgroupException, InterruptedException {
    Cgroup group = group(container);
    group.freeze(within);
    try {
      saving.save(original(container, group), within);
    } finally {
      group.thaw();
      if (checkpoints.isBeingSaved(container.id())) { // given up, and it will freeze it once more
        recoverLater(container.id());
      }
    }
    saving.archive(archive);
  }

  private static Path archive(String location) {
    try {
      Path archive = Path.of(location);
      if (archive.isAbsolute()
          && archive.getFileName() != null
          && Files.isDirectory(archive.resolveSibling(""))) {
        return archive.normalize();
      }
    } catch (InvalidPathException e) {
      // Said below.
    }
    throw new HearthException.InvalidRequest(
        "the location of the checkpoint, '"
            + location
            + "', is not the full path of a file in a folder that exists");
  }

  private Checkpoints.Saving begin(Container container) throws IOException {
    try {
      return checkpoints.begin(container.id());
    } catch (FileAlreadyExistsException e) {
      throw new HearthException.Busy(
          "container " + container.id() + " is being saved already: try again later", e);
    }
  }

  private Cgroup group(Container container) {
    return parts
        .group(container.record())
        .orElseThrow(() ->
            new HearthException.WrongState(
                "container " + container.id() + " has no control group"));
  }

  /** Says what cannot be saved before anything is stopped for it. */
  private void checkSaveable(Container container) throws IOException, InterruptedException {
    ContainerRecord record = container.record();
    if (!(record.state() instanceof ContainerState.Running)) {
      throw cannot(container, "it does not run");
    }
    if (record.spec().tty()) {
      throw cannot(container, "it has a terminal");
    }
    if (record.spec().security().namespaces().pid() != NamespaceMode.CONTAINER) {
      throw cannot(
          container,
          "it has no PID namespace of its own, so that its process numbers could be taken when it"
              + " is restored");
    }
    if (record.spec().security().namespaces().user().isPresent()) {
      throw cannot(container, "its pod has a user namespace, which criu cannot restore into");
    }
    try {
      checkpoints.requireCriu();
    } catch (CheckpointException e) {
      throw cannot(container, String.valueOf(e.getMessage()));
    }
  }

  private static HearthException cannot(Container container, String why) {
    return new HearthException.WrongState(
        "container " + container.id() + " cannot be saved: " + why);
  }

  private Checkpoints.Original original(Container container, Cgroup group)
      throws CgroupException, IOException {
    ContainerRecord record = container.record();
    ContainerState.Running running = container.running();
    PodRecord pod = pods.require(record.podId().value()).record();
    return new Checkpoints.Original(
        record.id(),
        record.spec().metadata().name(),
        new ProcessIdentity(running.pid(), running.pidStart()),
        group.freezerFolder(),
        planner.ownMounts(pod, record),
        parts.written(record.id()),
        new Checkpoints.Base(
            record.spec().userSpecifiedImage().isEmpty()
                ? record.spec().image()
                : record.spec().userSpecifiedImage(),
            record.imageRef(),
            record.imageId().toString()),
        record.createdAt(),
        info.runtimeSpec(record));
  }

  /**
   * Takes away what a daemon before this one was saving, and lets go on what it had stopped. Where
   * its criu is still at work, that is waited for in the background.
   */
  public void recover() {
    try {
      for (ContainerId id : checkpoints.restorable()) {
        if (containers.find(id.value()).isEmpty()) {
          checkpoints.discard(id);
        }
      }
      checkpoints.interrupted().forEach(this::recoverLater);
    } catch (IOException e) {
      LOG.log(System.Logger.Level.WARNING, "checkpoints that were broken off are left", e);
    }
  }

  private void recoverLater(ContainerId id) {
    Thread.ofVirtual().name("checkpoint-" + id).start(() -> recover(id));
  }

  /**
   * criu is not killed, which the processes it saves would not survive. What hangs is set aside:
   * the container goes on, and cannot be saved again before this criu has ended.
   */
  private void recover(ContainerId id) {
    try {
      if (!checkpoints.awaitSaved(id, FINISHING)) {
        LOG.log(
            System.Logger.Level.WARNING,
            "the broken off checkpoint of container {0} is set aside: its criu has not ended after"
                + " {1} s",
            id,
            FINISHING.toSeconds());
        thaw(id);
        while (!checkpoints.awaitSaved(id, LOOKING_AGAIN)) {
          thaw(id);
        }
      }
      thaw(id);
      checkpoints.abandon(id);
      LOG.log(
          System.Logger.Level.INFO,
          "the checkpoint of container {0} was broken off",
          id.value().substring(0, 13));
    } catch (IOException | CgroupException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "a checkpoint that was broken off is left, or its container stands still: " + id,
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void thaw(ContainerId id) throws CgroupException {
    Optional<Cgroup> group =
        containers.find(id.value()).flatMap(found -> parts.group(found.record()));
    if (group.isPresent()) {
      group.get().thaw();
    }
  }
}
