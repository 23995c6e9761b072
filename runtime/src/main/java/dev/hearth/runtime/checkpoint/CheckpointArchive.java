package dev.hearth.runtime.checkpoint;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import dev.hearth.runtime.checkpoint.CheckpointException.Reason;
import dev.hearth.runtime.model.Digest;
import dev.hearth.runtime.model.Sha256;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.DigestOutputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;

/**
 * The archive of one container's checkpoint: an uncompressed tar of plain files, laid out as other
 * runtimes and checkpointctl do it. What criu wrote is in {@code checkpoint/}; beside it are {@link
 * #CONFIG}, {@link #SPEC}, {@link #DIFF}, logs and figures, and, of Hearth's own, {@link #HEARTH}.
 *
 * <p>Read, it is a stranger's: only plain files with plain names in these two folders are taken, so
 * that nothing can be written elsewhere, and none takes more room than it does in the archive.
 */
public final class CheckpointArchive {
  /** Which container and image it was, and when. */
  public static final String CONFIG = "config.dump";

  /** The container in the shape of the OCI runtime specification. */
  public static final String SPEC = "spec.dump";

  /** What the container wrote to its root file system, as a layer of an image. */
  public static final String DIFF = "rootfs-diff.tar";

  /** {@link SavedContainer}. */
  public static final String HEARTH = "hearth.dump";

  /** criu's images. */
  public static final String IMAGES = "checkpoint";

  private static final Set<PosixFilePermission> PRIVATE =
      PosixFilePermissions.fromString("rw-------");
  private static final int MAX_ENTRIES = 1_000_000;
  private static final int MAX_JSON = 1 << 20;
  private static final String PLAIN = "[A-Za-z0-9_][A-Za-z0-9._-]{0,200}";

  private CheckpointArchive() {}

  /** Writes a folder with this layout to a new file that only root can read. */
  static void write(Path folder, Path archive) throws IOException {
    List<Path> files = new ArrayList<>();
    try (Stream<Path> found = Files.walk(folder, 2)) {
      found
          .filter(Files::isRegularFile)
          .filter(file -> !file.getFileName().toString().startsWith(".")) // notes of the saving
          .sorted()
          .forEach(files::add);
    }
    Files.createFile(archive, PosixFilePermissions.asFileAttribute(PRIVATE));
    try (FileChannel file = FileChannel.open(archive, StandardOpenOption.WRITE);
        OutputStream out = new BufferedOutputStream(Channels.newOutputStream(file), 1 << 16);
        TarArchiveOutputStream tar = new TarArchiveOutputStream(out, "UTF-8")) {
      tar.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_POSIX);
      tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
      for (Path found : files) {
        TarArchiveEntry entry = new TarArchiveEntry(folder.relativize(found).toString());
        entry.setSize(Files.size(found));
        entry.setMode(0600);
        entry.setModTime(Files.getLastModifiedTime(found));
        tar.putArchiveEntry(entry);
        Files.copy(found, tar);
        tar.closeArchiveEntry();
      }
      tar.finish();
      tar.flush();
      file.force(true);
    }
  }

  /**
   * Unpacks an archive.
   *
   * @param folder an empty one that nobody else can enter
   * @return the digest of {@link #DIFF}
   * @throws CheckpointException BAD_ARCHIVE
   */
  static Digest read(InputStream archive, Path folder) throws CheckpointException, IOException {
    Files.createDirectory(folder.resolve(IMAGES));
    Set<String> names = new TreeSet<>();
    var hash = Sha256.begin();
    try (TarArchiveInputStream tar =
        new TarArchiveInputStream(new BufferedInputStream(archive, 1 << 16), "UTF-8")) {
      TarArchiveEntry entry;
      while ((entry = tar.getNextEntry()) != null) {
        String name = plainName(entry);
        if (entry.isDirectory()) {
          continue;
        }
        check(entry, name);
        if (!names.add(name) || names.size() > MAX_ENTRIES) {
          throw bad("it has " + name + " twice, or too many files");
        }
        try (OutputStream file =
            Files.newOutputStream(folder.resolve(name), StandardOpenOption.CREATE_NEW)) {
          tar.transferTo(name.equals(DIFF) ? new DigestOutputStream(file, hash) : file);
        }
      }
    } catch (IllegalArgumentException e) {
      throw new CheckpointException(Reason.BAD_ARCHIVE, "the archive is not a tar", e);
    }
    for (String needed : List.of(CONFIG, HEARTH, DIFF)) {
      if (!names.contains(needed)) {
        throw missing(needed);
      }
    }
    return Sha256.finish(hash);
  }

  private static void check(TarArchiveEntry entry, String name) throws CheckpointException {
    if (!name.matches("(" + IMAGES + "/)?" + PLAIN)) {
      throw bad("it has a file called " + name.substring(0, Math.min(name.length(), 200)));
    }
    if (!entry.isFile()
        || entry.isSparse()
        || entry.isLink()
        || entry.isSymbolicLink()
        || entry.isCharacterDevice()
        || entry.isBlockDevice()
        || entry.isFIFO()) {
      throw bad(name + " in it is not a plain file");
    }
  }

  private static CheckpointException bad(String why) {
    return new CheckpointException(Reason.BAD_ARCHIVE, "the archive is not a checkpoint: " + why);
  }

  /**
   * Reads small files of an archive, and nothing else.
   *
   * @throws CheckpointException BAD_ARCHIVE if one is missing
   */
  static Map<String, String> texts(Path archive, Set<String> wanted) throws IOException {
    Map<String, String> found = new HashMap<>();
    // Not buffered: what is skipped is not read.
    try (TarArchiveInputStream tar =
        new TarArchiveInputStream(Files.newInputStream(archive), "UTF-8")) {
      TarArchiveEntry entry;
      while (found.size() < wanted.size() && (entry = tar.getNextEntry()) != null) {
        String name = plainName(entry);
        if (wanted.contains(name)) {
          if (entry.getSize() > MAX_JSON) {
            throw bad(name + " is longer than " + MAX_JSON + " bytes");
          }
          found.put(name, new String(tar.readAllBytes(), UTF_8));
        }
      }
    } catch (IllegalArgumentException e) {
      throw new CheckpointException(Reason.BAD_ARCHIVE, "it is no tar", e);
    }
    for (String name : wanted) {
      if (!found.containsKey(name)) {
        throw missing(name);
      }
    }
    return found;
  }

  private static String plainName(TarArchiveEntry entry) {
    return entry.getName().replaceFirst("^(\\./)+", "");
  }

  private static CheckpointException missing(String name) {
    return bad("it has no " + name + (name.equals(HEARTH) ? ": Hearth did not make it" : ""));
  }

  static JsonObject json(String text) throws CheckpointException {
    try {
      return JsonParser.parseString(text).getAsJsonObject();
    } catch (JsonParseException | IllegalStateException e) {
      throw new CheckpointException(Reason.BAD_ARCHIVE, CONFIG + " is no JSON", e);
    }
  }

  /** A text of a JSON object; empty if it has none of that name. */
  static String text(JsonObject json, String name) {
    return json.get(name) instanceof JsonPrimitive value ? value.getAsString() : "";
  }

  /** Reads a small file of an unpacked archive. */
  static String text(Path folder, String name) throws IOException {
    Path file = folder.resolve(name);
    if (Files.size(file) > MAX_JSON) {
      throw bad(name + " is longer than " + MAX_JSON + " bytes");
    }
    return Files.readString(file, UTF_8);
  }
}
