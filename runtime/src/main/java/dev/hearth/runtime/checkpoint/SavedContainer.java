package dev.hearth.runtime.checkpoint;

import com.google.gson.Gson;
import com.google.gson.JsonParseException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What Hearth must know of a saved container to bring it back, beyond what criu knows; in the
 * archive as {@code hearth.dump}.
 *
 * @param version of this form
 * @param imageId digest of the configuration of the image it was made from
 * @param external where file systems of the node were mounted in it, as paths without links
 * @param streams what stdin, stdout and stderr of its first process were, as procfs shows them
 */
public record SavedContainer(
    int version, String imageId, List<String> external, List<String> streams) {
  public static final int VERSION = 1;

  private static final int MAX_MOUNTS = 100_000;
  private static final Gson GSON = new Gson();

  public SavedContainer {
    external = List.copyOf(external);
    streams = List.copyOf(streams);
    if (version != VERSION) {
      throw new IllegalArgumentException("version " + version + "; this release reads " + VERSION);
    }
    if (external.size() > MAX_MOUNTS || !external.stream().allMatch(SavedContainer::isPlain)) {
      throw new IllegalArgumentException("mount points that are none");
    }
    if (streams.size() != 3) {
      throw new IllegalArgumentException("not three streams but " + streams.size());
    }
  }

  /**
   * Whether a mount point is a path in full that criu's option for it can name: the option's own
   * signs must not be in it.
   */
  static boolean isPlain(String path) {
    return path.startsWith("/")
        && path.length() < 4096
        && path.chars().noneMatch(c -> c < ' ' || c == '[' || c == ']' || c == ':')
        && !List.of(path.split("/", -1)).contains("..");
  }

  String json() {
    return GSON.toJson(this);
  }

  /**
   * @throws CheckpointException BAD_ARCHIVE
   */
  static SavedContainer parse(String json) throws CheckpointException {
    try {
      SavedContainer saved = GSON.fromJson(json, SavedContainer.class);
      if (saved != null) {
        return saved;
      }
    } catch (JsonParseException | IllegalArgumentException | NullPointerException e) {
      throw bad(String.valueOf(e.getMessage()), e);
    }
    throw bad("it is empty", null);
  }

  private static CheckpointException bad(String why, @Nullable Throwable cause) {
    String message = CheckpointArchive.HEARTH + " of the checkpoint is not usable: " + why;
    return cause == null
        ? new CheckpointException(CheckpointException.Reason.BAD_ARCHIVE, message)
        : new CheckpointException(CheckpointException.Reason.BAD_ARCHIVE, message, cause);
  }

  /** The pipe that was this stream, as criu names it; empty if it was none. */
  String pipe(int stream) {
    String target = streams.get(stream);
    return target.matches("pipe:\\[[0-9]{1,20}]") ? target : "";
  }
}
