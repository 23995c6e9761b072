package dev.hearth.runtime.checkpoint;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.hearth.linux.Entries;
import dev.hearth.linux.FileStatus;
import dev.hearth.linux.FileType;
import dev.hearth.linux.LinuxException;
import dev.hearth.linux.Xattrs;
import dev.hearth.runtime.checkpoint.CheckpointException.Reason;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.jspecify.annotations.Nullable;

/**
 * Writes what a container wrote, which overlayfs keeps in a folder of its own, as a layer of an
 * image (OCI Image Specification 1.1, layer.md). Names, links and attributes are bytes: they go
 * into extended headers, where they need no encoding. Nothing may change the folder meanwhile.
 */
final class LayerArchive {
  private static final String OVERLAY = "trusted.overlay.";

  /** What stands for a byte that is not UTF-8. */
  private static final char UNREADABLE = '\uFFFD';

  /**
   * How much of a container's is written, which stands still meanwhile and may mean no good.
   *
   * @param entries files, folders and all else
   * @param linked files that have several names
   * @param depth folders within each other; each is held open while what is in it is written
   * @param bytes content, holes included: they are written out
   * @param within how long that may take
   */
  record Limits(int entries, int linked, int depth, long bytes, Duration within) {
    /** Those for a new file in a folder: it leaves as much room there as it takes. */
    static Limits in(Path folder) throws IOException {
      long free = Files.getFileStore(folder).getUsableSpace();
      return new Limits(1_000_000, 100_000, 256, free / 2, Duration.ofMinutes(10));
    }
  }

  private final Path upper;
  private final Limits limits;
  private final long deadline;
  private final byte[] chunk = new byte[1 << 16];
  private int entries;
  private long bytes;
  private final TarArchiveOutputStream tar;

  /** The first name of files that have several, by their number. */
  private final Map<Long, String> linked = new HashMap<>();

  private LayerArchive(Path upper, Path file, Limits limits) throws IOException {
    this.upper = upper;
    this.limits = limits;
    this.deadline = System.nanoTime() + limits.within().toNanos();
    this.tar =
        new TarArchiveOutputStream(
            new BufferedOutputStream(
                Files.newOutputStream(file, StandardOpenOption.CREATE_NEW), 1 << 16),
            "UTF-8");
    tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_TRUNCATE);
    tar.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_STAR);
  }

  /**
   * @param upper the folder
   * @param file a new one
   * @throws CheckpointException NOT_SAVED for what a layer cannot express, or beyond a limit
   */
  static void write(Path upper, Path file, Limits limits) throws CheckpointException, IOException {
    LayerArchive archive = new LayerArchive(upper, file, limits);
    try (archive.tar) {
      archive.folder(upper, Entries.status(upper), 0);
      archive.tar.finish();
    }
  }

  private static CheckpointException notSaved(String why) {
    return new CheckpointException(Reason.NOT_SAVED, why);
  }

  private void checkTime() throws CheckpointException {
    if (System.nanoTime() - deadline > 0) {
      throw notSaved(
          "its files are not written after "
              + limits.within().toSeconds()
              + " s, too many to save");
    }
  }

  private void folder(Path folder, FileStatus status, int depth)
      throws CheckpointException, IOException {
    if (depth > limits.depth()) {
      throw notSaved("its folders are more than " + limits.depth() + " deep: " + name(folder));
    }
    boolean opaque = put(folder, status);
    if (opaque) {
      empty(folder.resolve(".wh..wh..opq"));
    }
    try (DirectoryStream<Path> children = Files.newDirectoryStream(folder)) {
      for (Path child : children) {
        entry(child, depth);
      }
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
  }

  private void entry(Path child, int depth) throws CheckpointException, IOException {
    entries++;
    if (entries > limits.entries()) {
      throw notSaved("it wrote more than " + limits.entries() + " files");
    }
    if (child.toString().indexOf(UNREADABLE) >= 0) {
      throw notSaved("the name of its file " + name(child) + " is not UTF-8");
    }
    checkTime();
    FileStatus found = Entries.status(child);
    if (found.type() == FileType.DIRECTORY) {
      folder(child, found, depth + 1);
    } else if (isWhiteout(found)) {
      empty(child.resolveSibling(".wh." + child.getFileName()));
    } else {
      put(child, found);
    }
  }

  private static boolean isWhiteout(FileStatus status) {
    return status.type() == FileType.CHARACTER_DEVICE
        && status.special().major() == 0
        && status.special().minor() == 0;
  }

  private String name(Path path) {
    return path.equals(upper) ? "./" : upper.relativize(path).toString();
  }

  private void empty(Path path) throws IOException {
    ByteArrayOutputStream pax = new ByteArrayOutputStream();
    record(pax, "path", name(path).getBytes(UTF_8));
    header(pax);
    tar.putArchiveEntry(new TarArchiveEntry("whiteout", TarConstants.LF_NORMAL));
    tar.closeArchiveEntry();
  }

  /** Returns whether it is a folder that hides what lies below it. */
  private boolean put(Path path, FileStatus status) throws CheckpointException, IOException {
    String name = name(path);
    ByteArrayOutputStream pax = new ByteArrayOutputStream();
    record(pax, "path", name.getBytes(UTF_8));
    boolean opaque = attributes(path, name, pax);
    String first = first(status, name);
    byte type =
        switch (status.type()) {
          case REGULAR -> first == null ? TarConstants.LF_NORMAL : TarConstants.LF_LINK;
          case DIRECTORY -> TarConstants.LF_DIR;
          case LINK -> TarConstants.LF_SYMLINK;
          case CHARACTER_DEVICE -> TarConstants.LF_CHR;
          case BLOCK_DEVICE -> TarConstants.LF_BLK;
          case PIPE -> TarConstants.LF_FIFO;
          case SOCKET -> 0;
        };
    if (type == 0) {
      return opaque; // it is who listens that makes a socket, and criu restores him with it
    }
    TarArchiveEntry entry = new TarArchiveEntry("entry", type);
    entry.setMode(status.mode());
    entry.setIds(status.uid(), status.gid());
    entry.setModTime(status.modified().toEpochMilli());
    if (type == TarConstants.LF_LINK && first != null) {
      record(pax, "linkpath", first.getBytes(UTF_8));
    } else if (type == TarConstants.LF_SYMLINK) {
      String target = Files.readSymbolicLink(path).toString();
      if (target.indexOf(UNREADABLE) >= 0) {
        throw notSaved("where its link " + name + " leads is not UTF-8");
      }
      record(pax, "linkpath", target.getBytes(UTF_8));
    } else if (type == TarConstants.LF_CHR || type == TarConstants.LF_BLK) {
      entry.setDevMajor(status.special().major());
      entry.setDevMinor(status.special().minor());
    }
    boolean content = type == TarConstants.LF_NORMAL;
    if (content && status.size() > limits.bytes() - bytes) {
      throw notSaved(
          "its files have more than "
              + limits.bytes()
              + " bytes, holes included, which is half of the room there is: "
              + name);
    }
    entry.setSize(content ? status.size() : 0);
    header(pax);
    tar.putArchiveEntry(entry);
    if (content) {
      bytes += status.size();
      copy(path);
    }
    tar.closeArchiveEntry();
    return opaque;
  }

  private void copy(Path path) throws CheckpointException, IOException {
    try (InputStream content = Files.newInputStream(path)) {
      int read;
      while ((read = content.read(chunk)) > 0) {
        tar.write(chunk, 0, read);
        checkTime();
      }
    }
  }

  /** The name that a file with several was written by; null if it is the first, or has but one. */
  private @Nullable String first(FileStatus status, String name) throws CheckpointException {
    if (status.links() <= 1 || status.type() == FileType.DIRECTORY) {
      return null;
    }
    String first = linked.putIfAbsent(status.inode(), name);
    if (linked.size() > limits.linked()) {
      throw notSaved("more than " + limits.linked() + " of its files have several names");
    }
    return first;
  }

  private static boolean attributes(Path path, String name, ByteArrayOutputStream pax)
      throws CheckpointException, LinuxException {
    boolean opaque = false;
    for (String attribute : Xattrs.list(path)) {
      switch (attribute) {
        case OVERLAY + "opaque" -> opaque = true;
        case OVERLAY + "redirect", OVERLAY + "metacopy" ->
            throw new CheckpointException(
                Reason.NOT_SAVED,
                "the kernel keeps only a reference to " + name + ": " + attribute + " is set");
        default -> {
          byte[] value =
              attribute.startsWith(OVERLAY)
                  ? new byte[0]
                  : Xattrs.get(path, attribute).orElse(new byte[0]);
          if (value.length > 0) {
            record(pax, "SCHILY.xattr." + attribute, value);
          }
        }
      }
    }
    return opaque;
  }

  /** pax(1): a length that counts itself, a blank, the keyword, an equals sign, the value. */
  private static void record(ByteArrayOutputStream pax, String key, byte[] value) {
    int rest = 1 + key.getBytes(UTF_8).length + 1 + value.length + 1;
    int length = rest + Integer.toString(rest).length();
    if (Integer.toString(length).length() > Integer.toString(rest).length()) {
      length = rest + Integer.toString(length).length();
    }
    pax.writeBytes((length + " " + key + "=").getBytes(UTF_8));
    pax.writeBytes(value);
    pax.write('\n');
  }

  private void header(ByteArrayOutputStream pax) throws IOException {
    TarArchiveEntry header =
        new TarArchiveEntry("PaxHeader", TarConstants.LF_PAX_EXTENDED_HEADER_LC);
    header.setSize(pax.size());
    tar.putArchiveEntry(header);
    tar.write(pax.toByteArray());
    tar.closeArchiveEntry();
  }
}
