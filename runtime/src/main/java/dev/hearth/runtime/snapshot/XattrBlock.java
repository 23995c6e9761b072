package dev.hearth.runtime.snapshot;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A node's extended attributes as EROFS stores them: for each the length of the name without its
 * prefix, the prefix's number, the length of the value, name, value, padding to four bytes (Linux,
 * fs/erofs/erofs_fs.h, {@code erofs_xattr_entry}).
 *
 * <p>Kept are user.*, trusted.*, security.* and POSIX access control lists. Names by which
 * overlayfs itself is steered are dropped: an image has no business redirecting it. So is every
 * other namespace, none of which Linux would take.
 */
final class XattrBlock {
  static final LayerEntry.Xattr OPAQUE =
      new LayerEntry.Xattr(RawBytes.of("trusted.overlay.opaque"), RawBytes.of("y"));

  private static final int ENTRY_HEADER = 4;
  private static final List<RawBytes> STEERING =
      List.of(RawBytes.of("trusted.overlay."), RawBytes.of("user.overlay."));

  private static final Prefix USER = new Prefix(1, RawBytes.of("user."), false);
  private static final List<Prefix> PREFIXES =
      List.of(
          USER,
          new Prefix(2, RawBytes.of("system.posix_acl_access"), true),
          new Prefix(3, RawBytes.of("system.posix_acl_default"), true),
          new Prefix(4, RawBytes.of("trusted."), false),
          new Prefix(6, RawBytes.of("security."), false));

  /**
   * @param whole whether no name follows
   */
  private record Prefix(int number, RawBytes text, boolean whole) {
    boolean fits(RawBytes name) {
      return whole ? name.equals(text) : name.startsWith(text) && name.length() > text.length();
    }

    static @Nullable Prefix of(RawBytes name) {
      for (Prefix prefix : PREFIXES) {
        if (prefix.fits(name)) {
          return prefix;
        }
      }
      return null;
    }

    static Prefix of(int number) {
      for (Prefix prefix : PREFIXES) {
        if (prefix.number == number) {
          return prefix;
        }
      }
      throw new IllegalArgumentException("no prefix has the number " + number);
    }
  }

  private XattrBlock() {}

  /** What an attribute counts against the limit; more than its encoded size. */
  static int cost(LayerEntry.Xattr xattr) {
    return 16 + xattr.name().length() + xattr.value().length();
  }

  /**
   * @param user keeps user.*, which Linux allows to files and directories alone
   */
  static byte[] encode(List<LayerEntry.Xattr> xattrs, boolean user) {
    int size = 0;
    for (LayerEntry.Xattr xattr : xattrs) {
      size += cost(xattr);
    }
    ByteBuffer out = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    for (LayerEntry.Xattr xattr : xattrs) {
      boolean wanted = user || !USER.fits(xattr.name());
      if (wanted && STEERING.stream().noneMatch(xattr.name()::startsWith)) {
        put(out, xattr);
      }
    }
    return RawBytes.of(out.array(), 0, out.position()).toArray();
  }

  /** The encoding of the attribute that makes a directory hide those below. */
  static byte[] opaque() {
    ByteBuffer out = ByteBuffer.allocate(cost(OPAQUE)).order(ByteOrder.LITTLE_ENDIAN);
    put(out, OPAQUE);
    return RawBytes.of(out.array(), 0, out.position()).toArray();
  }

  private static void put(ByteBuffer out, LayerEntry.Xattr xattr) {
    Prefix prefix = Prefix.of(xattr.name());
    if (prefix == null) {
      return;
    }
    RawBytes name = xattr.name().from(prefix.text.length());
    out.put((byte) name.length());
    out.put((byte) prefix.number);
    out.putShort((short) xattr.value().length());
    name.putInto(out);
    xattr.value().putInto(out);
    out.position((out.position() + 3) & ~3);
  }

  static List<LayerEntry.Xattr> decode(byte[] block) {
    var xattrs = new ArrayList<LayerEntry.Xattr>();
    ByteBuffer in = ByteBuffer.wrap(block).order(ByteOrder.LITTLE_ENDIAN);
    int at = 0;
    while (at < block.length) {
      int nameLength = in.get(at) & 0xFF;
      Prefix prefix = Prefix.of(in.get(at + 1));
      int valueLength = in.getShort(at + 2) & 0xFFFF;
      int name = at + ENTRY_HEADER;
      byte[] whole = new byte[prefix.text.length() + nameLength];
      prefix.text.copyTo(whole, 0);
      System.arraycopy(block, name, whole, prefix.text.length(), nameLength);
      int value = name + nameLength;
      xattrs.add(
          new LayerEntry.Xattr(RawBytes.of(whole), RawBytes.of(block, value, value + valueLength)));
      at = (value + valueLength + 3) & ~3;
    }
    return xattrs;
  }
}
