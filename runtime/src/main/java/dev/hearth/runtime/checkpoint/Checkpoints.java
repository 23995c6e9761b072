package dev.hearth.runtime.checkpoint;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.JsonObject;
import dev.hearth.linux.BlockingCalls;
import dev.hearth.linux.ProcessIdentity;
import dev.hearth.runtime.checkpoint.CheckpointException.Reason;
import dev.hearth.runtime.model.ContainerId;
import dev.hearth.runtime.model.Digest;
import dev.hearth.shim.Body;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Checkpoints being made and being restored, in {@code <root>/checkpoints}: {@code .saving-ID} for
 * as long as container ID is saved, {@code ID} until container ID, restored from it, has started.
 * Only root can enter: what is in memory is in there.
 */
public final class Checkpoints {
  private static final String SAVING = ".saving-";

  /** In which folder the archive is being put together. */
  private static final String DESTINATION = ".destination";

  private final Path folder;
  private final Criu criu;
  private final BlockingCalls calls;
  private final InstantSource clock;

  private Checkpoints(Path folder, Criu criu, BlockingCalls calls, InstantSource clock) {
    this.folder = folder;
    this.criu = criu;
    this.calls = calls;
    this.clock = clock;
  }

  /**
   * @param root the daemon's root, such as /var/lib/hearth
   */
  public static Checkpoints open(Path root, Criu criu, BlockingCalls calls, InstantSource clock)
      throws IOException {
    Path folder = root.resolve("checkpoints");
    Files.createDirectories(folder);
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
    return new Checkpoints(folder, criu, calls, clock);
  }

  /** Fails as saving and restoring would for want of a working criu. */
  public void requireCriu() throws CheckpointException, InterruptedException {
    var _ = criu.require();
  }

  /**
   * A container about to be saved.
   *
   * @param own where its own file systems are mounted, besides its root
   * @param upper the folder with what it wrote to its root file system
   * @param image name of the image it was made from, its repository digest, and its id
   */
  public record Original(
      ContainerId id,
      String name,
      ProcessIdentity process,
      Path freezer,
      Set<String> own,
      Path upper,
      Base image,
      Instant createdAt,
      JsonObject spec) {}

  /**
   * The image a container was made from.
   *
   * @param name as it was asked for
   * @param reference its repository digest, or its id
   * @param id digest of its configuration
   */
  public record Base(String name, String reference, String id) {}

  /** A checkpoint that is being made. Closing takes away what is not in an archive. */
  public final class Saving implements AutoCloseable {
    private final ContainerId id;
    private final Path place;

    private Saving(ContainerId id, Path place) {
      this.id = id;
      this.place = place;
    }

    /** Saves the processes and files of a container that stands still. */
    public void save(Original container, Duration patience)
        throws IOException, InterruptedException {
      Path program = criu.require();
      int pid = container.process().pid();
      List<String> external = MountPoints.external(pid, container.own());
      SavedContainer saved =
          new SavedContainer(
              SavedContainer.VERSION, container.image().id(), external, streams(pid));
      criu.save(
          program,
          new Criu.Save(container.process(), container.freezer(), external, patience),
          place);
      calls.<IOException>run(() ->
          LayerArchive.write(
              container.upper(),
              place.resolve(CheckpointArchive.DIFF),
              LayerArchive.Limits.in(place)));
      write(CheckpointArchive.HEARTH, saved.json());
      write(CheckpointArchive.CONFIG, config(container).toString());
      write(CheckpointArchive.SPEC, container.spec().toString());
    }

    private void write(String name, String content) throws IOException {
      Files.writeString(place.resolve(name), content, UTF_8);
    }

    /** Puts all that was saved into an archive, which is there whole or not at all. */
    public void archive(Path archive) throws IOException, InterruptedException {
      Path destination = archive.resolveSibling("");
      Path part = part(destination, id);
      try {
        Files.deleteIfExists(part);
        Files.writeString(place.resolve(DESTINATION), destination.toString(), UTF_8);
        calls.<IOException>run(() -> {
          CheckpointArchive.write(place, part);
          Files.move(part, archive, java.nio.file.StandardCopyOption.ATOMIC_MOVE);
          try (FileChannel names = FileChannel.open(destination)) {
            names.force(true);
          }
        });
      } finally {
        Files.deleteIfExists(part);
      }
    }

    /** A criu that is still at work has what it writes left to it, and to who waits for it. */
    @Override
    public void close() throws IOException {
      if (!isBeingSaved(id)) {
        delete(place);
      }
    }
  }

  /**
   * Begins to save a container.
   *
   * @throws FileAlreadyExistsException if it is being saved already
   */
  public Saving begin(ContainerId id) throws IOException {
    Path place = folder.resolve(SAVING + id);
    Files.createDirectory(place);
    Saving saving = new Saving(id, place);
    try {
      Files.createDirectory(place.resolve(CheckpointArchive.IMAGES));
      return saving;
    } catch (IOException e) {
      saving.close();
      throw e;
    }
  }

  private static List<String> streams(int pid) throws IOException {
    List<String> streams = new ArrayList<>();
    for (int fd = 0; fd < 3; fd++) {
      try {
        Path link = Path.of("/proc", Integer.toString(pid), "fd", Integer.toString(fd));
        streams.add(Files.readSymbolicLink(link).toString());
      } catch (NoSuchFileException e) {
        streams.add("");
      }
    }
    return streams;
  }

  /** What checkpointctl shows of a checkpoint. */
  private JsonObject config(Original container) {
    JsonObject json = new JsonObject();
    json.addProperty("id", container.id().value());
    json.addProperty("name", container.name());
    json.addProperty("rootfsImage", container.image().reference());
    json.addProperty("rootfsImageRef", container.image().reference());
    json.addProperty("rootfsImageName", container.image().name());
    json.addProperty("runtime", "hearth");
    json.addProperty("createdTime", container.createdAt().toString());
    json.addProperty("checkpointedTime", clock.instant().toString());
    return json;
  }

  /**
   * The image that a saved container was made from.
   *
   * @throws CheckpointException BAD_ARCHIVE
   */
  public Base base(Path archive) throws IOException, InterruptedException {
    return calls.<Base, IOException>call(() -> {
      Map<String, String> found =
          CheckpointArchive.texts(
              archive, Set.of(CheckpointArchive.CONFIG, CheckpointArchive.HEARTH));
      SavedContainer saved = SavedContainer.parse(found.getOrDefault(CheckpointArchive.HEARTH, ""));
      JsonObject config = CheckpointArchive.json(found.getOrDefault(CheckpointArchive.CONFIG, ""));
      return new Base(
          CheckpointArchive.text(config, "rootfsImageName"),
          CheckpointArchive.text(config, "rootfsImageRef"),
          saved.imageId());
    });
  }

  /**
   * A checkpoint unpacked for a container.
   *
   * @param diff what the saved container wrote, an uncompressed layer
   */
  public record Unpacked(Path diff, Digest diffId) {}

  /**
   * Unpacks an archive for a container that is to be restored from it.
   *
   * @throws CheckpointException BAD_ARCHIVE
   */
  public Unpacked unpack(ContainerId id, Path archive) throws IOException, InterruptedException {
    discard(id);
    Path place = folder.resolve(id.value());
    Files.createDirectory(place);
    Digest diffId =
        calls.<Digest, IOException>call(() -> {
          try (InputStream content = Files.newInputStream(archive)) {
            return CheckpointArchive.read(content, place);
          }
        });
    return new Unpacked(place.resolve(CheckpointArchive.DIFF), diffId);
  }

  /** Takes away what was unpacked for a container. */
  public void discard(ContainerId id) throws IOException {
    delete(folder.resolve(id.value()));
  }

  /**
   * How a container is to be brought back; empty if it is an ordinary one.
   *
   * @param state a folder of the container's on a tmpfs
   * @param root an existing folder to attach its root file system at
   */
  public Optional<Body.Restored> restoration(ContainerId id, Path state, Path root)
      throws IOException, InterruptedException {
    Path place = folder.resolve(id.value());
    if (!Files.exists(place)) {
      return Optional.empty();
    }
    Path program = criu.require();
    Files.deleteIfExists(place.resolve(Criu.RESTORE_LOG));
    SavedContainer saved =
        SavedContainer.parse(CheckpointArchive.text(place, CheckpointArchive.HEARTH));
    return Optional.of(Criu.restore(program, saved, place, state, root));
  }

  /** A failed restoration, with what criu said of it. */
  public CheckpointException failure(ContainerId id, Exception cause) {
    Path log = folder.resolve(id.value()).resolve(Criu.RESTORE_LOG);
    return new CheckpointException(
        Reason.NOT_RESTORED,
        "criu restore: " + Criu.complaint(log, String.valueOf(cause.getMessage())),
        cause);
  }

  /** Containers a daemon before this one was saving. */
  public List<ContainerId> interrupted() throws IOException {
    return names().filter(name -> name.startsWith(SAVING)).map(Checkpoints::id).toList();
  }

  private static ContainerId id(String name) {
    return new ContainerId(name.substring(SAVING.length()));
  }

  private Stream<String> names() throws IOException {
    try (Stream<Path> found = Files.list(folder)) {
      return found.map(path -> path.getFileName().toString()).toList().stream();
    }
  }

  private static Path part(Path destination, ContainerId id) {
    return destination.resolve(".hearth-" + id + ".part");
  }

  /** Whether a container is being saved, or was and that is not settled yet. */
  public boolean isUnderWay(ContainerId id) {
    return Files.exists(folder.resolve(SAVING + id));
  }

  /** Whether criu is still saving a container, whichever daemon started it. */
  public boolean isBeingSaved(ContainerId id) throws IOException {
    return Criu.workingIn(folder.resolve(SAVING + id)).isPresent();
  }

  /**
   * Waits until no criu is saving a container any more.
   *
   * @return false if one still is after that time
   */
  public boolean awaitSaved(ContainerId id, Duration within)
      throws IOException, InterruptedException {
    return criu.awaitEnd(folder.resolve(SAVING + id), within);
  }

  /** Takes away what was saved of a container, and what its archive was to become. */
  public void abandon(ContainerId id) throws IOException {
    Path place = folder.resolve(SAVING + id);
    Path destination = place.resolve(DESTINATION);
    if (Files.exists(destination)) {
      Files.deleteIfExists(part(Path.of(Files.readString(destination, UTF_8)), id));
    }
    delete(place);
  }

  /** Containers that have something to be restored from. */
  public List<ContainerId> restorable() throws IOException {
    return names().filter(name -> !name.startsWith(".")).map(ContainerId::new).toList();
  }

  private static void delete(Path place) throws IOException {
    if (!Files.exists(place)) {
      return;
    }
    try (Stream<Path> found = Files.walk(place, 2)) {
      for (Path path : found.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    }
  }
}
