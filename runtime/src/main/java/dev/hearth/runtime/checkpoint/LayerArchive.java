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
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;

/**
 * Writes what a container wrote, which overlayfs keeps in a folder of its own, as a layer of an
 * image (OCI Image Specification 1.1, layer.md). Names, links and attributes are bytes: they go
 * into extended headers, where they need no encoding. Nothing may change the folder meanwhile.
 */
final class LayerArchive implements AutoCloseable {
  private static final String OVERLAY = "trusted.overlay.";

  private final Path upper;
  private final TarArchiveOutputStream tar;

  /** The first name of files that have several, by their number. */
  private final Map<Long, String> linked = new HashMap<>();

  private LayerArchive(Path upper, Path file) throws IOException {
    this.upper = upper;
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
   * @throws CheckpointException NOT_SAVED for what a layer cannot express
   */
  static void write(Path upper, Path file) throws CheckpointException, IOException {
    try (LayerArchive archive = new LayerArchive(upper, file)) {
      archive.folder(upper, Entries.status(upper));
    }
  }

  private void folder(Path folder, FileStatus status) throws CheckpointException, IOException {
    boolean opaque = put(folder, status);
    if (opaque) {
      empty(folder.resolve(".wh..wh..opq"));
    }
    List<Path> children = new ArrayList<>();
    try (DirectoryStream<Path> found = Files.newDirectoryStream(folder)) {
      found.forEach(children::add);
    }
    Collections.sort(children);
    for (Path child : children) {
      FileStatus found = Entries.status(child);
      if (found.type() == FileType.DIRECTORY) {
        folder(child, found);
      } else if (isWhiteout(found)) {
        empty(child.resolveSibling(".wh." + child.getFileName()));
      } else {
        put(child, found);
      }
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
    String first = status.links() > 1 ? linked.putIfAbsent(status.inode(), name) : null;
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
      record(pax, "linkpath", Files.readSymbolicLink(path).toString().getBytes(UTF_8));
    } else if (type == TarConstants.LF_CHR || type == TarConstants.LF_BLK) {
      entry.setDevMajor(status.special().major());
      entry.setDevMinor(status.special().minor());
    }
    boolean content = type == TarConstants.LF_NORMAL;
    entry.setSize(content ? status.size() : 0);
    header(pax);
    tar.putArchiveEntry(entry);
    if (content) {
      Files.copy(path, tar);
    }
    tar.closeArchiveEntry();
    return opaque;
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

  @Override
  public void close() throws IOException {
    tar.close();
  }
}
