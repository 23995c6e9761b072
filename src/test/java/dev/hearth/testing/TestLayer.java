package dev.hearth.testing;

import com.github.luben.zstd.ZstdOutputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;

/**
 * A layer of a test image.
 *
 * @param blob the layer as it is pushed
 * @param diffId the digest of the uncompressed tar
 */
public record TestLayer(Blob blob, String diffId, Compression compression) {

  /** How the layer travels. */
  public enum Compression {
    NONE("", ""),
    GZIP(".gzip", "+gzip"),
    /** OCI only. */
    ZSTD(".zstd", "+zstd");

    final String dockerSuffix;
    final String ociSuffix;

    Compression(String dockerSuffix, String ociSuffix) {
      this.dockerSuffix = dockerSuffix;
      this.ociSuffix = ociSuffix;
    }
  }

  /** Puts entries into a layer. */
  @FunctionalInterface
  public interface Content {
    void writeTo(Tar tar) throws IOException;
  }

  /** Writes {@code content} into {@code file}, always to the same bytes. */
  public static TestLayer write(Path file, Compression compression, Content content)
      throws IOException {
    MessageDigest diff = Blob.sha256();
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file), 1 << 16);
        OutputStream compressed = compress(out, compression);
        OutputStream digested = new DigestOutputStream(compressed, diff);
        Tar tar = new Tar(digested)) {
      content.writeTo(tar);
    }
    return new TestLayer(Blob.of("", file), Blob.written(diff), compression);
  }

  private static OutputStream compress(OutputStream out, Compression compression)
      throws IOException {
    return switch (compression) {
      case NONE -> out;
      case GZIP -> new GZIPOutputStream(out, 1 << 16);
      case ZSTD -> new ZstdOutputStream(out);
    };
  }

  /** The entries of a layer; all belong to root and have the epoch's time unless told otherwise. */
  public static final class Tar implements AutoCloseable {
    private final TarArchiveOutputStream out;

    Tar(OutputStream stream) {
      out = new TarArchiveOutputStream(stream, "UTF-8");
      out.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
      out.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_POSIX);
    }

    /** Adds a folder; the path has no leading slash. */
    public void folder(String path, int mode) throws IOException {
      entry(new TarArchiveEntry(path + "/", TarConstants.LF_DIR), mode, new byte[0]);
    }

    public void file(String path, int mode, String text) throws IOException {
      file(path, mode, text.getBytes(StandardCharsets.UTF_8));
    }

    public void file(String path, int mode, byte[] content) throws IOException {
      entry(new TarArchiveEntry(path, TarConstants.LF_NORMAL), mode, content);
    }

    /** Adds a symbolic link that points at {@code target}. */
    public void symlink(String path, String target) throws IOException {
      var entry = new TarArchiveEntry(path, TarConstants.LF_SYMLINK);
      entry.setLinkName(target);
      entry(entry, 0777, new byte[0]);
    }

    /** Adds another name of {@code target}, which was added before. */
    public void hardLink(String path, String target) throws IOException {
      var entry = new TarArchiveEntry(path, TarConstants.LF_LINK);
      entry.setLinkName(target);
      entry(entry, 0755, new byte[0]);
    }

    /** Adds an entry as the caller made it; its size is set here. */
    public void entry(TarArchiveEntry entry, int mode, byte[] content) throws IOException {
      entry.setMode(mode);
      entry.setSize(content.length);
      entry.setModTime(0);
      out.putArchiveEntry(entry);
      out.write(content);
      out.closeArchiveEntry();
    }

    @Override
    public void close() throws IOException {
      out.close();
    }
  }
}
