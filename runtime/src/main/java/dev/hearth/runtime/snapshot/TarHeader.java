package dev.hearth.runtime.snapshot;

import static dev.hearth.runtime.snapshot.LayerException.malformed;

import java.nio.charset.StandardCharsets;

/**
 * The fields of one 512-byte header (POSIX.1-2024, pax, "ustar Interchange Format"; GNU tar manual,
 * "Basic Tar Format"). The block is checked once and its fields decoded when asked for.
 */
final class TarHeader {
  static final int SIZE = 512;

  private static final byte[] POSIX_MAGIC = "ustar\0".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] STAR_TRAILER = "tar\0".getBytes(StandardCharsets.US_ASCII);
  private static final int CHECKSUM = 148;
  private static final int CHECKSUM_END = 156;
  private static final int GNU_SPARSE_MAP = 386;
  private static final int GNU_SPARSE_ENTRIES = 4;
  private static final int GNU_SPARSE_EXTENDED = 482;

  final byte[] block = new byte[SIZE];

  boolean isZero() {
    for (byte b : block) {
      if (b != 0) {
        return false;
      }
    }
    return true;
  }

  /** Accepts the sum of unsigned bytes and, as every reader does, that of signed ones. */
  void verify() throws LayerException {
    int unsigned = 0;
    int signed = 0;
    for (int i = 0; i < SIZE; i++) {
      byte b = i >= CHECKSUM && i < CHECKSUM_END ? (byte) ' ' : block[i];
      unsigned += b & 0xFF;
      signed += b;
    }
    if (!statesSum(unsigned) && !statesSum(signed)) {
      throw malformed("not a tar header: its checksum is wrong");
    }
  }

  /** Octal digits and nothing else, unlike other numbers. */
  private boolean statesSum(int sum) {
    int stated = 0;
    for (int i = CHECKSUM; i < CHECKSUM_END; i++) {
      if (block[i] >= '0' && block[i] <= '7') {
        stated = (stated << 3) | (block[i] - '0');
      } else if (block[i] != ' ' && block[i] != 0) {
        return false;
      }
    }
    return stated == sum;
  }

  byte type() {
    return block[156];
  }

  RawBytes name() {
    int prefixLength = prefixLength();
    RawBytes name = string(0, 100);
    RawBytes prefix = prefixLength == 0 ? RawBytes.EMPTY : string(345, prefixLength);
    return prefix.child(name);
  }

  RawBytes linkName() {
    return string(157, 100);
  }

  int mode() throws LayerException {
    return (int) number(100, 8, "mode") & 07777;
  }

  long uid() throws LayerException {
    return number(108, 8, "uid");
  }

  long gid() throws LayerException {
    return number(116, 8, "gid");
  }

  long size() throws LayerException {
    long size = number(124, 12, "size");
    if (size < 0) {
      throw malformed("negative size");
    }
    return size;
  }

  long mtime() throws LayerException {
    return number(136, 12, "mtime");
  }

  long major() throws LayerException {
    return number(329, 8, "device major");
  }

  long minor() throws LayerException {
    return number(337, 8, "device minor");
  }

  /** The size of an old GNU sparse file with its holes. */
  long sparseRealSize() throws LayerException {
    return number(483, 12, "real size");
  }

  /** Adds the four regions an old GNU sparse header holds; true when a block with more follows. */
  boolean sparseRegions(SparseMap map) throws LayerException {
    regions(block, GNU_SPARSE_MAP, GNU_SPARSE_ENTRIES, map);
    return block[GNU_SPARSE_EXTENDED] != 0;
  }

  /** Adds the 21 regions of an extension block; true when one more follows. */
  static boolean extendedSparseRegions(byte[] extension, SparseMap map) throws LayerException {
    regions(extension, 0, 21, map);
    return extension[504] != 0;
  }

  private static void regions(byte[] from, int start, int count, SparseMap map)
      throws LayerException {
    for (int i = 0; i < count; i++) {
      int at = start + i * 24;
      if (from[at] == 0) {
        return;
      }
      map.add(number(from, at, 12, "sparse offset"), number(from, at + 12, 12, "sparse length"));
    }
  }

  private int prefixLength() {
    for (int i = 0; i < POSIX_MAGIC.length; i++) {
      if (block[257 + i] != POSIX_MAGIC[i]) {
        return 0; // old V7, or GNU, which keeps other things in that place
      }
    }
    for (int i = 0; i < STAR_TRAILER.length; i++) {
      if (block[508 + i] != STAR_TRAILER[i]) {
        return 155;
      }
    }
    return 131;
  }

  private RawBytes string(int offset, int length) {
    int end = offset;
    while (end < offset + length && block[end] != 0) {
      end++;
    }
    return RawBytes.of(block, offset, end);
  }

  private long number(int offset, int length, String field) throws LayerException {
    return number(block, offset, length, field);
  }

  /** Octal digits, or, where the first bit is set, a big-endian two's complement number. */
  private static long number(byte[] from, int offset, int length, String field)
      throws LayerException {
    if ((from[offset] & 0x80) != 0) {
      return binary(from, offset, length, field);
    }
    int at = offset;
    int end = offset + length;
    while (at < end && (from[at] == ' ' || from[at] == 0)) {
      at++;
    }
    while (end > at && (from[end - 1] == ' ' || from[end - 1] == 0)) {
      end--;
    }
    long value = 0;
    for (; at < end && from[at] != 0; at++) {
      int digit = from[at] - '0';
      if (digit < 0 || digit > 7) {
        throw malformed(field + " is no octal number");
      }
      value = (value << 3) | digit;
    }
    return value;
  }

  private static long binary(byte[] from, int offset, int length, String field)
      throws LayerException {
    // Bit 6 of the first byte is the sign; the flag itself is no part of the number.
    long value =
        (from[offset] & 0x40) != 0 ? (-1L << 6) | (from[offset] & 0x3F) : from[offset] & 0x3F;
    for (int i = 1; i < length; i++) {
      if (value > Long.MAX_VALUE >> 8 || value < Long.MIN_VALUE >> 8) {
        throw malformed(field + " does not fit 64 bits");
      }
      value = (value << 8) | (from[offset + i] & 0xFF);
    }
    return value;
  }
}
