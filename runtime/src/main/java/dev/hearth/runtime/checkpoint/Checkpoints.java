package dev.hearth.runtime.checkpoint;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.JsonObject;
import dev.hearth.linux.BlockingCalls;
import dev.hearth.linux.ProcessIdentity;
import dev.hearth.runtime.model.ContainerId;
import java.io.IOException;
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
import java.util.Set;
import java.util.stream.Stream;

/**
 * Checkpoints being made and being restored, in {@code <root>/checkpoints}: {@code .saving-ID} for
 * as long as container ID is saved, {@code ID} until container ID, restored from it, has started.
 * Only root can enter: what is in memory is in there.
 */
public final class Checkpoints {
  private static final String SAVING = ".saving-";

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
    private final Path place;

    private Saving(Path place) {
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
      calls.<IOException>run(
          () -> LayerArchive.write(container.upper(), place.resolve(CheckpointArchive.DIFF)));
      write(CheckpointArchive.HEARTH, saved.json());
      write(CheckpointArchive.CONFIG, config(container).toString());
      write(CheckpointArchive.SPEC, container.spec().toString());
    }

    private void write(String name, String content) throws IOException {
      Files.writeString(place.resolve(name), content, UTF_8);
    }

    /** Puts all that was saved into an archive, which is there whole or not at all. */
    public void archive(Path archive) throws IOException, InterruptedException {
      Path part = archive.resolveSibling("." + archive.getFileName() + ".part");
      try {
        Files.deleteIfExists(part);
        calls.<IOException>run(() -> CheckpointArchive.write(place, part));
        Files.move(part, archive, java.nio.file.StandardCopyOption.ATOMIC_MOVE);
      } finally {
        Files.deleteIfExists(part);
      }
    }

    @Override
    public void close() throws IOException {
      delete(place);
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
    Saving saving = new Saving(place);
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

  /** Whether the criu that a daemon before this one started is still saving a container. */
  public boolean isBeingSaved(ContainerId id) throws IOException {
    return Criu.worksIn(folder.resolve(SAVING + id));
  }

  /** Takes away what was saved of a container by a daemon before this one. */
  public void abandon(ContainerId id) throws IOException {
    delete(folder.resolve(SAVING + id));
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
