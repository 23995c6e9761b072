package dev.hearth.runtime.store;

import com.google.gson.Gson;
import com.google.gson.JsonParseException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.DateTimeException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.zip.CRC32C;

/**
 * Durable records of one kind, a file each: {@code <directory>/<name>}.
 *
 * <p>A file is one header line, {@code hearth <kind> <version> <crc32c of the rest, hex>}, and a
 * JSON text. It is written under a temporary name and renamed, so a reader sees a whole record, the
 * old or the new. A record that is torn all the same (power loss) is moved to {@code set-aside/}
 * when records are loaded, and reported; it holds up no other.
 *
 * <p>Thread-safe for different names; the caller orders writes of one name.
 *
 * @param <T> a record class
 */
public final class RecordStore<T> {
  private static final String TEMPORARY = ".new";
  private static final String SET_ASIDE = "set-aside";

  private final Path directory;
  private final String kind;
  private final int version;
  private final Class<T> type;
  private final boolean durable;
  private final Gson gson = RecordJson.gson();

  /** What {@link #load} found. */
  public record Loaded<T>(Map<String, T> records, List<SetAside> setAside) {}

  /** A file that was no good record, where it went, and why. */
  public record SetAside(String name, Path movedTo, String reason) {}

  private RecordStore(Path directory, String kind, int version, Class<T> type, boolean durable) {
    this.directory = directory;
    this.kind = kind;
    this.version = version;
    this.type = type;
    this.durable = durable;
  }

  /**
   * Opens the records under a directory, which is created when absent.
   *
   * @param kind one word, written into each header and checked when read
   * @param version of the record's form, likewise
   * @param durable whether a write reaches the disk before it returns (fsync of file and
   *     directory). Pods and containers do without: power loss takes them along with their records
   */
  public static <T> RecordStore<T> open(
      Path directory, String kind, int version, Class<T> type, boolean durable)
      throws StoreException {
    try {
      Files.createDirectories(directory);
    } catch (IOException e) {
      throw new StoreException("cannot create the " + kind + " records " + directory, e);
    }
    return new RecordStore<>(directory, kind, version, type, durable);
  }

  /** Replaces the record of that name, or makes it. */
  public void write(String name, T value) throws StoreException {
    byte[] body = gson.toJson(value, type).getBytes(StandardCharsets.UTF_8);
    byte[] header =
        ("hearth " + kind + " " + version + " " + checksum(body, 0) + "\n")
            .getBytes(StandardCharsets.UTF_8);
    Path temporary = directory.resolve(name + TEMPORARY);
    try {
      ByteBuffer whole = ByteBuffer.allocate(header.length + body.length);
      whole.put(header).put(body).flip();
      try (FileChannel channel =
          FileChannel.open(
              temporary,
              StandardOpenOption.CREATE,
              StandardOpenOption.TRUNCATE_EXISTING,
              StandardOpenOption.WRITE)) {
        while (whole.hasRemaining()) {
          channel.write(whole);
        }
        if (durable) {
          channel.force(true);
        }
      }
      Files.move(
          temporary,
          directory.resolve(name),
          StandardCopyOption.ATOMIC_MOVE,
          StandardCopyOption.REPLACE_EXISTING);
      syncDirectory();
    } catch (IOException e) {
      try {
        Files.deleteIfExists(temporary);
      } catch (IOException suppressed) {
        e.addSuppressed(suppressed);
      }
      throw new StoreException(
          "cannot write the " + kind + " record " + name + " to " + directory, e);
    }
  }

  /** Deletes the record of that name. Its absence is fine. */
  public void delete(String name) throws StoreException {
    try {
      Files.deleteIfExists(directory.resolve(name));
      syncDirectory();
    } catch (IOException e) {
      throw new StoreException(
          "cannot delete the " + kind + " record " + name + " in " + directory, e);
    }
  }

  /** Reads all records, sets the bad ones aside, and deletes what an unfinished write left. */
  public Loaded<T> load() throws StoreException {
    Map<String, T> records = new LinkedHashMap<>();
    List<SetAside> setAside = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
      for (Path file : files) {
        String name = String.valueOf(file.getFileName());
        if (name.equals(SET_ASIDE)) {
          continue;
        }
        if (name.endsWith(TEMPORARY)) {
          Files.deleteIfExists(file);
          continue;
        }
        try {
          records.put(name, decode(Files.readAllBytes(file)));
        } catch (IOException | BadRecordException e) {
          setAside.add(setAsideIfPossible(file, name, String.valueOf(e.getMessage())));
        }
      }
    } catch (IOException e) {
      throw new StoreException("cannot read the " + kind + " records in " + directory, e);
    }
    return new Loaded<>(records, setAside);
  }

  /** Moves a record that reads well but makes no sense out of the way. */
  public SetAside setAside(String name, String reason) throws StoreException {
    try {
      return setAside(directory.resolve(name), name, reason);
    } catch (IOException e) {
      throw new StoreException("cannot set the " + kind + " record " + name + " aside", e);
    }
  }

  /** Where it cannot be moved it stays, and the next start finds it as bad as this one. */
  private SetAside setAsideIfPossible(Path file, String name, String reason) {
    try {
      return setAside(file, name, reason);
    } catch (IOException e) {
      return new SetAside(name, file, reason + "; it cannot be moved away: " + e.getMessage());
    }
  }

  /** The names of all records that lie aside, whenever that happened. */
  public Set<String> namesSetAside() throws StoreException {
    Set<String> names = new HashSet<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory.resolve(SET_ASIDE))) {
      for (Path file : files) {
        names.add(String.valueOf(file.getFileName()).replaceFirst("\\.\\d+$", ""));
      }
    } catch (NoSuchFileException e) {
      return Set.of();
    } catch (IOException e) {
      throw new StoreException("cannot read the " + kind + " records set aside in " + directory, e);
    }
    return names;
  }

  private SetAside setAside(Path file, String name, String reason) throws IOException {
    Path aside = directory.resolve(SET_ASIDE);
    Files.createDirectories(aside);
    Path target = aside.resolve(name);
    for (int n = 1; Files.exists(target); n++) {
      target = aside.resolve(name + "." + n);
    }
    Files.move(file, target);
    return new SetAside(name, target, reason);
  }

  private void syncDirectory() throws IOException {
    if (durable) {
      try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
        channel.force(true);
      }
    }
  }

  private static final class BadRecordException extends Exception {
    private static final long serialVersionUID = 1;

    BadRecordException(String message) {
      super(message);
    }
  }

  private T decode(byte[] file) throws BadRecordException {
    int end = 0;
    while (end < file.length && file[end] != '\n') {
      end++;
    }
    String[] header = new String(file, 0, end, StandardCharsets.UTF_8).split(" ", -1);
    if (end == file.length || header.length != 4 || !header[0].equals("hearth")) {
      throw new BadRecordException("no header line");
    }
    if (!header[1].equals(kind)) {
      throw new BadRecordException("is a record of " + header[1] + ", not of " + kind);
    }
    if (!header[2].equals(Integer.toString(version))) {
      throw new BadRecordException(
          "has version " + header[2] + "; this release reads version " + version);
    }
    if (!header[3].equals(checksum(file, end + 1))) {
      throw new BadRecordException("checksum mismatch: torn or altered");
    }
    try {
      T value =
          gson.fromJson(
              new String(file, end + 1, file.length - end - 1, StandardCharsets.UTF_8), type);
      if (value == null) {
        throw new BadRecordException("is empty");
      }
      return value;
    } catch (JsonParseException
        | NullPointerException
        | IllegalArgumentException
        | DateTimeException e) {
      throw new BadRecordException("does not read as a " + kind + ": " + e.getMessage());
    } catch (RuntimeException e) {
      // Gson wraps what a record's own constructor throws.
      throw new BadRecordException("is no valid " + kind + ": " + e.getMessage());
    }
  }

  private static String checksum(byte[] bytes, int from) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, from, bytes.length - from);
    return HexFormat.of().toHexDigits((int) crc.getValue());
  }
}
