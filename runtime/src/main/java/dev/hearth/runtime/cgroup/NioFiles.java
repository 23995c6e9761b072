package dev.hearth.runtime.cgroup;

import dev.hearth.runtime.cgroup.CgroupException.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/** The real file system. Stateless. */
final class NioFiles implements CgroupFiles {
  /**
   * Above this no file that is read whole is expected to be; a bound, not a limit of the kernel.
   */
  private static final int MAX_FILE = 16 << 20;

  private static final int FIRST_BUFFER = 4096;

  @Override
  public String read(Path file) throws CgroupException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      ByteBuffer buffer = ByteBuffer.allocate(FIRST_BUFFER);
      while (channel.read(buffer) > 0) {
        if (!buffer.hasRemaining()) {
          if (buffer.capacity() >= MAX_FILE) {
            throw new CgroupException(Reason.FAILED, "read " + file + ": it is too long");
          }
          buffer = ByteBuffer.allocate(buffer.capacity() * 4).put(buffer.flip());
        }
      }
      return new String(buffer.array(), 0, buffer.position(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw failure("read", file, e);
    }
  }

  @Override
  public void write(Path file, String value) throws CgroupException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)) {
      channel.write(ByteBuffer.wrap(value.getBytes(StandardCharsets.UTF_8)));
    } catch (IOException e) {
      throw failure("write", file, e);
    }
  }

  @Override
  public boolean makeFolder(Path folder) throws CgroupException {
    try {
      Files.createDirectory(folder);
      return true;
    } catch (FileAlreadyExistsException e) {
      return false;
    } catch (IOException e) {
      throw failure("make", folder, e);
    }
  }

  @Override
  public boolean removeFolder(Path folder) throws CgroupException {
    try {
      return Files.deleteIfExists(folder);
    } catch (IOException e) {
      throw failure("remove", folder, e);
    }
  }

  @Override
  public List<String> folders(Path folder) throws CgroupException {
    List<String> names = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder, Files::isDirectory)) {
      entries.forEach(entry -> names.add(String.valueOf(entry.getFileName())));
    } catch (NoSuchFileException e) {
      return List.of();
    } catch (IOException e) {
      throw failure("list", folder, e);
    }
    return names;
  }

  @Override
  public boolean exists(Path file) {
    return Files.exists(file);
  }

  private static CgroupException failure(String operation, Path path, IOException e) {
    // Channels put strerror(3) into the message, file operations into the reason.
    String said = e instanceof FileSystemException f ? f.getReason() : e.getMessage();
    String text = said == null ? "" : said;
    Reason reason =
        switch (e) {
          case NoSuchFileException absent -> Reason.ABSENT;
          case DirectoryNotEmptyException full -> Reason.BUSY;
          default -> reason(text);
        };
    String shown = text.isEmpty() ? e.getClass().getSimpleName() : text;
    return new CgroupException(reason, operation + " " + path + ": " + shown, e);
  }

  private static Reason reason(String text) {
    return switch (text) {
      case "No such device" -> Reason.ABSENT;
      case "Device or resource busy" -> Reason.BUSY;
      case "Invalid argument", "Numerical result out of range" -> Reason.INVALID;
      case "Operation not supported" -> Reason.UNSUPPORTED;
      default -> Reason.FAILED;
    };
  }
}
