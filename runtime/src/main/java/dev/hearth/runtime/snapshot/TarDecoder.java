package dev.hearth.runtime.snapshot;

import static dev.hearth.runtime.snapshot.LayerException.malformed;
import static dev.hearth.runtime.snapshot.LayerException.unsupported;

import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Decodes a tar archive as it streams: V7, ustar, star, GNU (long names, base-256 numbers, old
 * sparse files) and PAX (records, extended attributes, sparse formats 0.0, 0.1 and 1.0).
 *
 * <p>Where archives are ambiguous this reads them as Go's archive/tar does, which made and checked
 * nearly every image there is: links, directories and devices have no content whatever their size
 * says, a GNU long name beats a PAX path, global PAX headers are passed over.
 *
 * <p>One thread. Libraries were no choice: they decode attribute values as text.
 */
final class TarDecoder {
  private final ArchiveReader in;
  private final LayerLimits limits;
  private final TarHeader header = new TarHeader();

  private long entries;
  private RawBytes entryName = RawBytes.EMPTY;

  /** What is stored of the current entry and was not read yet, then what pads it. */
  private long contentLeft;

  private int padding;
  private @Nullable SparseMap sparse;
  private long realSize;

  TarDecoder(ArchiveReader in, LayerLimits limits) {
    this.in = in;
    this.limits = limits;
  }

  /** The next entry; null at the archive's end, behind which the stream is read to its own. */
  @Nullable LayerEntry next() throws LayerException, IOException, InterruptedException {
    try {
      return decodeNext();
    } catch (LayerException e) {
      throw inContext(e);
    }
  }

  /** Passes the content of the regular file just returned on, holes included. */
  void content(ContentSink sink) throws LayerException, IOException, InterruptedException {
    try {
      passContent(sink);
    } catch (LayerException e) {
      throw inContext(e);
    }
  }

  private LayerException inContext(LayerException e) {
    String where =
        "layer archive, entry "
            + entries
            + (entryName.length() == 0 ? "" : " (" + entryName + ")")
            + ": ";
    return new LayerException(e.reason(), where + e.getMessage(), e);
  }

  private void passContent(ContentSink sink)
      throws LayerException, IOException, InterruptedException {
    SparseMap map = sparse;
    if (map == null) {
      long n = contentLeft;
      in.pass(n, sink);
      contentLeft = 0;
      return;
    }
    long at = 0;
    for (int i = 0; i < map.regions(); i++) {
      hole(sink, map.offset(i) - at);
      in.pass(map.length(i), sink);
      contentLeft -= map.length(i);
      at = map.offset(i) + map.length(i);
    }
    hole(sink, realSize - at);
    sparse = null;
  }

  private static void hole(ContentSink sink, long length) throws IOException {
    if (length > 0) {
      sink.hole(length);
    }
  }

  private @Nullable LayerEntry decodeNext()
      throws LayerException, IOException, InterruptedException {
    PaxRecords pax = PaxRecords.NONE;
    RawBytes longName = RawBytes.EMPTY;
    RawBytes longLink = RawBytes.EMPTY;
    boolean extended = false;
    while (true) {
      in.skip(contentLeft);
      in.skip(padding);
      contentLeft = 0;
      padding = 0;
      sparse = null;
      entryName = RawBytes.EMPTY;
      if (!readHeader()) {
        if (extended) {
          throw malformed("the archive ends after an extension header");
        }
        return null;
      }
      switch (header.type()) {
        case 'x' -> {
          byte[] records = extension();
          pax = PaxRecords.parse(records, records.length);
        }
        case 'L' -> longName = terminated(extension());
        case 'K' -> longLink = terminated(extension());
        case 'g' -> extension();
        default -> {
          entries++;
          return entry(pax, longName, longLink);
        }
      }
      extended = header.type() != 'g' || extended;
    }
  }

  /** Reads the next header; false at the end: two blocks of zeros, or none where one could be. */
  private boolean readHeader() throws LayerException, IOException, InterruptedException {
    if (!in.readBlock(header.block)) {
      return false;
    }
    if (!header.isZero()) {
      header.verify();
      return true;
    }
    if (in.readBlock(header.block) && !header.isZero()) {
      throw malformed("one block of zeros, where the end of the archive has two");
    }
    in.drain();
    return false;
  }

  private byte[] extension() throws LayerException, IOException, InterruptedException {
    long size = header.size();
    if (size > limits.headerBytes()) {
      throw LayerException.limit(
          "an extension header of " + size + " bytes; at most " + limits.headerBytes());
    }
    byte[] bytes = new byte[(int) size];
    in.read(bytes, 0, bytes.length);
    padding = padding(size);
    return bytes;
  }

  private static RawBytes terminated(byte[] bytes) {
    int end = 0;
    while (end < bytes.length && bytes[end] != 0) {
      end++;
    }
    return RawBytes.of(bytes, 0, end);
  }

  private static int padding(long size) {
    return (int) (-size & (TarHeader.SIZE - 1));
  }

  private LayerEntry entry(PaxRecords pax, RawBytes longName, RawBytes longLink)
      throws LayerException, IOException, InterruptedException {
    RawBytes name = firstOf(longName, pax.get("path"), header.name());
    RawBytes link = firstOf(longLink, pax.get("linkpath"), header.linkName());
    entryName = name;
    byte type = header.type();
    // Before POSIX a directory was a file whose name ended in a slash.
    if (type == 0 && name.endsWith('/')) {
      type = '5';
    }
    return switch (type) {
      case 0, '0', '7', 'S' -> regularFile(name, pax, type == 'S');
      case '1' -> new LayerEntry.HardLink(name, link);
      case '2' -> new LayerEntry.Symlink(name, attributes(pax), link);
      case '3', '4' -> device(name, pax, type == '4');
      case '5' -> new LayerEntry.Directory(name, attributes(pax));
      case '6' -> new LayerEntry.Fifo(name, attributes(pax));
      default -> throw unsupported("entries of type " + typeName(type) + " are not unpacked");
    };
  }

  private static String typeName(byte type) {
    return type > ' ' && type < 127
        ? "'" + (char) type + "'"
        : "0x" + Integer.toHexString(type & 255);
  }

  private static RawBytes firstOf(RawBytes gnu, @Nullable RawBytes pax, RawBytes plain) {
    if (gnu.length() > 0) {
      return gnu;
    }
    return pax == null ? plain : pax;
  }

  private LayerEntry device(RawBytes name, PaxRecords pax, boolean block) throws LayerException {
    long major = header.major();
    long minor = header.minor();
    // Linux's dev_t: 12 and 20 bits (include/linux/kdev_t.h).
    if (major < 0 || major > 0xFFF || minor < 0 || minor > 0xFFFFF) {
      throw malformed("no such device number: " + major + ":" + minor);
    }
    return new LayerEntry.Device(name, attributes(pax), block, (int) major, (int) minor);
  }

  private LayerEntry regularFile(RawBytes headerName, PaxRecords pax, boolean oldSparse)
      throws LayerException, IOException, InterruptedException {
    RawBytes name = headerName;
    long stored = pax.number("size", header.size());
    contentLeft = stored;
    padding = padding(stored);
    realSize = stored;
    if (oldSparse) {
      readOldSparse(stored);
    } else if (pax.has("GNU.sparse.major")
        || pax.has("GNU.sparse.map")
        || !pax.sparsePairs().isEmpty()) {
      RawBytes realName = pax.get("GNU.sparse.name");
      name = realName == null ? name : realName;
      entryName = name;
      readPaxSparse(pax);
    }
    return new LayerEntry.RegularFile(name, attributes(pax), realSize);
  }

  private SparseMap newMap() {
    // A region of format 1.0 takes four bytes at least.
    return new SparseMap(limits.headerBytes() / 4);
  }

  private void readOldSparse(long stored) throws LayerException, IOException, InterruptedException {
    SparseMap map = newMap();
    realSize = header.sparseRealSize();
    boolean more = header.sparseRegions(map);
    byte[] block = new byte[TarHeader.SIZE];
    while (more) {
      in.read(block, 0, block.length);
      more = TarHeader.extendedSparseRegions(block, map);
    }
    map.verify(realSize, stored);
    sparse = map;
  }

  private void readPaxSparse(PaxRecords pax)
      throws LayerException, IOException, InterruptedException {
    SparseMap map = newMap();
    realSize = pax.number("GNU.sparse.realsize", pax.number("GNU.sparse.size", -1));
    long major = pax.number("GNU.sparse.major", 0);
    long minor = pax.number("GNU.sparse.minor", 0);
    if (major == 1 && minor == 0) {
      readSparseMap(map);
    } else if (major != 0) {
      throw unsupported("sparse files of format " + major + "." + minor);
    }
    List<Long> pairs = major == 0 ? pax.sparsePairs() : List.of();
    if (pairs.size() % 2 != 0) {
      throw malformed("a region of the sparse file has no length");
    }
    for (int i = 0; i < pairs.size(); i += 2) {
      map.add(pairs.get(i), pairs.get(i + 1));
    }
    map.verify(realSize, contentLeft);
    sparse = map;
  }

  /** Format 1.0: the map stands before the content, decimal numbers in lines, padded to a block. */
  private void readSparseMap(SparseMap map)
      throws LayerException, IOException, InterruptedException {
    var lines = new SparseLines();
    long count = lines.number();
    for (long i = 0; i < count; i++) {
      map.add(lines.number(), lines.number());
    }
  }

  private final class SparseLines {
    private final byte[] block = new byte[TarHeader.SIZE];
    private int at = TarHeader.SIZE;

    long number() throws LayerException, IOException, InterruptedException {
      long value = 0;
      for (int digits = 0; digits <= 18; digits++) {
        byte b = nextByte();
        if (b == '\n' && digits > 0) {
          return value;
        }
        if (b < '0' || b > '9') {
          break;
        }
        value = value * 10 + (b - '0');
      }
      throw malformed("broken map of a sparse file");
    }

    private byte nextByte() throws LayerException, IOException, InterruptedException {
      if (at == block.length) {
        if (contentLeft < block.length) {
          throw malformed("the map of a sparse file is longer than its content");
        }
        in.read(block, 0, block.length);
        contentLeft -= block.length;
        at = 0;
      }
      return block[at++];
    }
  }

  private LayerEntry.Attributes attributes(PaxRecords pax) throws LayerException {
    RawBytes paxTime = pax.get("mtime");
    PaxTime time = paxTime == null ? new PaxTime(header.mtime(), 0) : PaxTime.parse(paxTime);
    return new LayerEntry.Attributes(
        header.mode(),
        id("uid", pax.has("uid") ? pax.number("uid", 0) : header.uid()),
        id("gid", pax.has("gid") ? pax.number("gid", 0) : header.gid()),
        time.seconds(),
        time.nanos(),
        pax.xattrs());
  }

  private static int id(String what, long value) throws LayerException {
    // (uid_t) -1 means "leave it" to chown(2) and is nobody's.
    if (value < 0 || value >= 0xFFFF_FFFFL) {
      throw malformed("no such " + what + ": " + value);
    }
    return (int) value;
  }
}
