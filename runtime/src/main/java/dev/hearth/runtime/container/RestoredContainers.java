package dev.hearth.runtime.container;

import dev.hearth.linux.Entries;
import dev.hearth.linux.FileStatus;
import dev.hearth.linux.FileType;
import dev.hearth.linux.LinuxException;
import dev.hearth.runtime.checkpoint.CheckpointException;
import dev.hearth.runtime.checkpoint.CheckpointException.Reason;
import dev.hearth.runtime.checkpoint.Checkpoints;
import dev.hearth.runtime.image.Image;
import dev.hearth.runtime.image.Images;
import dev.hearth.runtime.model.ContainerId;
import dev.hearth.runtime.model.ContainerRecord;
import dev.hearth.runtime.model.ContainerSpec;
import dev.hearth.runtime.model.Digest;
import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.model.NamespaceMode;
import dev.hearth.runtime.snapshot.RootFilesystems;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Containers whose image is the path of a checkpoint's archive. They are made from the image the
 * saved container was made from, with what that wrote as one more layer; their start brings its
 * processes back.
 */
public final class RestoredContainers {
  private static final int OTHERS_MAY_WRITE = 022;

  private final Checkpoints checkpoints;
  private final Images images;
  private final RootFilesystems roots;

  public RestoredContainers(Checkpoints checkpoints, Images images, RootFilesystems roots) {
    this.checkpoints = checkpoints;
    this.images = images;
    this.roots = roots;
  }

  /** The archive that a container asks to be restored from, if it does. */
  static Optional<Path> archive(ContainerSpec spec) {
    try {
      return spec.image().startsWith("/")
          ? Optional.of(Path.of(spec.image()).normalize())
          : Optional.empty();
    } catch (InvalidPathException e) {
      throw new HearthException.InvalidRequest("no path of a checkpoint: " + spec.image(), e);
    }
  }

  /**
   * The image that the saved container was made from.
   *
   * @throws HearthException.InvalidRequest if this is no checkpoint, or the container cannot be one
   * @throws HearthException.NotFound if there is no archive, or the image is not here
   */
  Image base(Path archive, ContainerSpec spec) {
    check(spec);
    Checkpoints.Base saved;
    try {
      checkOwner(archive);
      checkpoints.requireCriu();
      saved = checkpoints.base(archive);
    } catch (IOException | InterruptedException e) {
      throw ContainerFailure.of("nothing can be restored from " + archive, e);
    }
    return images
        .find(Digest.parse(saved.id()))
        .orElseThrow(() ->
            new HearthException.NotFound(
                "image "
                    + saved.reference()
                    + " ("
                    + saved.name()
                    + "), which "
                    + archive
                    + " was made from, is not here: pull it first"));
  }

  private static void check(ContainerSpec spec) {
    boolean pidNamespace = spec.security().namespaces().pid() == NamespaceMode.CONTAINER;
    if (spec.tty() || !pidNamespace || spec.security().namespaces().user().isPresent()) {
      throw new HearthException.InvalidRequest(
          "container "
              + spec.metadata()
              + " cannot be restored: it asks for a terminal, for a user namespace, or for no PID"
              + " namespace of its own");
    }
  }

  /** It holds memory, registers and rights: who can write it can do on the node what he likes. */
  private static void checkOwner(Path archive) throws IOException {
    FileStatus status;
    try {
      status = Entries.status(archive);
    } catch (LinuxException e) {
      throw new HearthException.NotFound("no checkpoint at " + archive + ": " + e.getMessage());
    }
    if (status.type() != FileType.REGULAR
        || status.uid() != 0
        || (status.mode() & OTHERS_MAY_WRITE) != 0) {
      throw new CheckpointException(
          Reason.BAD_ARCHIVE, "it must be a file that belongs to root and nobody else can write");
    }
  }

  /**
   * Unpacks an archive; the record that comes back has what the container had written.
   *
   * @param adding told of that layer before it is made
   */
  ContainerRecord unpack(ContainerRecord container, Path archive, Consumer<Digest> adding)
      throws IOException, InterruptedException {
    Checkpoints.Unpacked unpacked = checkpoints.unpack(container.id(), archive);
    adding.accept(unpacked.diffId());
    roots.addLayer(unpacked.diff(), unpacked.diffId());
    return container.with(container.image().withLayer(unpacked.diffId()));
  }

  void discard(ContainerId id) throws IOException {
    checkpoints.discard(id);
  }
}
