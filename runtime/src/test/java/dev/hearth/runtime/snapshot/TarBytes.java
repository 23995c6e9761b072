package dev.hearth.runtime.snapshot;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Makes archives byte by byte, wrong ones too. */
final class TarBytes {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private int mode = 0644;
  private int uid;
  private int gid;
  private long mtime;
  private long size;
  private String magic = "ustar\0" + "00";
  private String link = "";
  private int major;
  private int minor;

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  TarBytes mode(int mode) {
    this.mode = mode;
    return this;
  }

  TarBytes owner(int uid, int gid) {
    this.uid = uid;
    this.gid = gid;
    return this;
  }

  TarBytes mtime(long mtime) {
    this.mtime = mtime;
    return this;
  }

  TarBytes magic(String magic) {
    this.magic = magic;
    return this;
  }

  TarBytes file(String name, String content) {
    return file(name, bytes(content));
  }

  TarBytes file(String name, byte[] content) {
    size = content.length;
    header(bytes(name), '0');
    return content(content);
  }

  TarBytes dir(String name) {
    int before = mode;
    mode = 0755;
    size = 0;
    header(bytes(name), '5');
    mode = before;
    return this;
  }

  TarBytes symlink(String name, String target) {
    return linked(name, target, '2');
  }

  TarBytes hardLink(String name, String target) {
    return linked(name, target, '1');
  }

  private TarBytes linked(String name, String target, char type) {
    if (target.length() > 100) {
      pax("linkpath", target);
    }
    size = 0;
    link = target;
    header(bytes(name), type);
    link = "";
    return this;
  }

  TarBytes fifo(String name) {
    size = 0;
    header(bytes(name), '6');
    return this;
  }

  TarBytes device(String name, char type, int major, int minor) {
    size = 0;
    this.major = major;
    this.minor = minor;
    header(bytes(name), type);
    this.major = 0;
    this.minor = 0;
    return this;
  }

  /** PAX records for the next entry: keys and values in turn. */
  TarBytes pax(String... pairs) {
    var records = new ByteArrayOutputStream();
    for (int i = 0; i < pairs.length; i += 2) {
      records.writeBytes(record(bytes(pairs[i]), bytes(pairs[i + 1])));
    }
    return extension('x', records.toByteArray());
  }

  TarBytes pax(String key, byte[] value) {
    return extension('x', record(bytes(key), value));
  }

  private static byte[] record(byte[] key, byte[] value) {
    int rest = key.length + value.length + 3;
    int length = rest + 1;
    while (Integer.toString(length).length() + rest != length) {
      length = Integer.toString(length).length() + rest;
    }
    var record = new ByteArrayOutputStream();
    record.writeBytes(bytes(length + " "));
    record.writeBytes(key);
    record.write('=');
    record.writeBytes(value);
    record.write('\n');
    return record.toByteArray();
  }

  /** A header of a type with content that belongs to the next entry. */
  TarBytes extension(char type, byte[] content) {
    size = content.length;
    header(bytes("extension"), type);
    return content(content);
  }

  /** A header that says so and nothing after it. */
  TarBytes header(String name, char type, long size) {
    this.size = size;
    return header(bytes(name), type);
  }

  TarBytes header(byte[] name, char type) {
    byte[] block = new byte[512];
    System.arraycopy(name, 0, block, 0, Math.min(name.length, 100));
    put(block, 100, "%07o".formatted(mode));
    put(block, 108, "%07o".formatted(uid));
    put(block, 116, "%07o".formatted(gid));
    put(block, 124, "%011o".formatted(size));
    put(block, 136, "%011o".formatted(mtime));
    block[156] = (byte) type;
    put(block, 157, link.length() > 100 ? link.substring(0, 100) : link);
    put(block, 257, magic);
    put(block, 329, "%07o".formatted(major));
    put(block, 337, "%07o".formatted(minor));
    return raw(sum(block));
  }

  /** Sets a header's checksum. */
  static byte[] sum(byte[] block) {
    Arrays.fill(block, 148, 156, (byte) ' ');
    int sum = 0;
    for (byte b : block) {
      sum += b & 0xFF;
    }
    put(block, 148, "%06o\0".formatted(sum));
    return block;
  }

  static void put(byte[] block, int at, String text) {
    byte[] bytes = bytes(text);
    System.arraycopy(bytes, 0, block, at, bytes.length);
  }

  TarBytes content(byte[] content) {
    out.writeBytes(content);
    return raw(new byte[-content.length & 511]);
  }

  TarBytes raw(byte[] bytes) {
    out.writeBytes(bytes);
    return this;
  }

  byte[] end() {
    out.writeBytes(new byte[1024]);
    return out.toByteArray();
  }

  byte[] withoutEnd() {
    return out.toByteArray();
  }
}
