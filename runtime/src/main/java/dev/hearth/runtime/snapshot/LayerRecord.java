package dev.hearth.runtime.snapshot;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * What is known of a layer beside its file system. It stands at the end of the layer's file, behind
 * a footer's checksum and the length the file must have, so that a layer is whole exactly when its
 * record can be read, and one file is all there is to write, sync and rename.
 *
 * @param archiveBytes length of the uncompressed archive
 * @param diskBytes what the layer occupies, in bytes
 * @param diskInodes what the layer occupies, in inodes
 * @param rootOpaque whether nothing of the layers below shows. overlayfs does not look for that on
 *     a layer's root, so whoever stacks layers must
 * @param implied directories no entry of the archive spoke of, the root ("") perhaps among them,
 *     parents before children; a layer below that has them says who owns them
 */
record LayerRecord(
    long archiveBytes,
    long diskBytes,
    long diskInodes,
    boolean rootOpaque,
    List<RawBytes> implied) {

  private static final long MAGIC = 0x5245_5941_4C48_4548L; // "HEHLAYER"
  private static final int VERSION = 1;
  private static final int FOOTER = 32;
  private static final int ROOT_OPAQUE = 1;

  /** A record longer than this was not written here. */
  private static final int MAX_BYTES = 64 << 20;

  LayerRecord {
    implied = List.copyOf(implied);
  }

  /** Writes the record at the end of a file that is so long without it. */
  void append(FileChannel file, long position) throws IOException {
    ByteBuffer out = encode(position);
    long at = position;
    while (out.hasRemaining()) {
      at += file.write(out, at);
    }
  }

  private ByteBuffer encode(long position) {
    int payload = 8 + 8 + 8 + 4 + 4;
    for (RawBytes path : implied) {
      payload += 4 + path.length();
    }
    ByteBuffer out = ByteBuffer.allocate(payload + FOOTER).order(ByteOrder.LITTLE_ENDIAN);
    out.putLong(archiveBytes).putLong(diskBytes).putLong(diskInodes);
    out.putInt(rootOpaque ? ROOT_OPAQUE : 0);
    out.putInt(implied.size());
    for (RawBytes path : implied) {
      out.putInt(path.length());
      path.putInto(out);
    }
    out.putLong(position).putInt(payload).putInt(VERSION);
    var crc = new CRC32C();
    crc.update(out.array(), 0, out.position());
    out.putInt((int) crc.getValue()).putInt(0).putLong(MAGIC);
    return out.flip();
  }

  /**
   * Reads the record of a layer's file.
   *
   * @throws IOException also when the file is not whole, which its message says
   */
  static LayerRecord read(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      long size = channel.size();
      if (size < FOOTER) {
        throw broken(file, "too short");
      }
      ByteBuffer footer = read(channel, size - FOOTER, FOOTER);
      long position = footer.getLong(0);
      int payload = footer.getInt(8);
      if (footer.getLong(24) != MAGIC || footer.getInt(12) != VERSION) {
        throw broken(file, "without a footer");
      }
      if (payload < 0 || payload > MAX_BYTES || position + payload + FOOTER != size) {
        throw broken(file, "not as long as its record says");
      }
      ByteBuffer all = read(channel, position, payload + FOOTER);
      var crc = new CRC32C();
      crc.update(all.slice(0, payload + 16));
      if ((int) crc.getValue() != all.getInt(payload + 16)) {
        throw broken(file, "with a wrong checksum in its record");
      }
      return decode(all);
    }
  }

  private static LayerRecord decode(ByteBuffer in) {
    long archiveBytes = in.getLong();
    long diskBytes = in.getLong();
    long diskInodes = in.getLong();
    boolean opaque = (in.getInt() & ROOT_OPAQUE) != 0;
    int count = in.getInt();
    var implied = new ArrayList<RawBytes>(count);
    for (int i = 0; i < count; i++) {
      byte[] path = new byte[in.getInt()];
      in.get(path);
      implied.add(RawBytes.of(path));
    }
    return new LayerRecord(archiveBytes, diskBytes, diskInodes, opaque, implied);
  }

  private static ByteBuffer read(FileChannel channel, long position, int length)
      throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    while (buffer.hasRemaining()) {
      if (channel.read(buffer, position + buffer.position()) < 0) {
        throw new IOException("a layer's file ended while it was read");
      }
    }
    return buffer.flip();
  }

  private static IOException broken(Path file, String how) {
    return new IOException("layer file " + file + " is not whole: " + how);
  }
}
