package dev.hearth.runtime.snapshot;

import static dev.hearth.runtime.snapshot.LayerException.malformed;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The records of an extended header, {@code length key=value\n} each (POSIX.1-2024, pax, "pax
 * Extended Header"). Values are bytes: extended attributes hold anything, NUL included. A record
 * with an empty value takes back an earlier one.
 */
final class PaxRecords {
  static final PaxRecords NONE = new PaxRecords();

  private static final String XATTR = "SCHILY.xattr.";

  /** Keys byte by byte as Latin-1: names of attributes need be no text. */
  private final Map<String, RawBytes> values = new HashMap<>();

  private final List<LayerEntry.Xattr> xattrs = new ArrayList<>();

  /** Offsets and lengths of GNU sparse format 0.0, whose keys repeat. */
  private final List<Long> sparsePairs = new ArrayList<>();

  private PaxRecords() {}

  static PaxRecords parse(byte[] from, int length) throws LayerException {
    var records = new PaxRecords();
    int at = 0;
    while (at < length) {
      at = records.parseOne(from, at, length);
    }
    return records;
  }

  private int parseOne(byte[] from, int start, int limit) throws LayerException {
    int at = start;
    long size = 0;
    while (at < limit && from[at] >= '0' && from[at] <= '9' && size <= limit) {
      size = size * 10 + (from[at++] - '0');
    }
    if (at == start || at == limit || from[at] != ' ' || size > limit - start) {
      throw malformed("broken record length in an extended header");
    }
    int end = (int) (start + size);
    int key = at + 1;
    int equals = key;
    while (equals < end && from[equals] != '=') {
      equals++;
    }
    if (equals >= end - 1 || equals == key || from[end - 1] != '\n') {
      throw malformed("broken record in an extended header");
    }
    put(
        new String(from, key, equals - key, StandardCharsets.ISO_8859_1),
        RawBytes.of(from, equals + 1, end - 1));
    return end;
  }

  private void put(String key, RawBytes value) throws LayerException {
    if (key.startsWith(XATTR)) {
      RawBytes name =
          RawBytes.of(key.substring(XATTR.length()).getBytes(StandardCharsets.ISO_8859_1));
      xattrs.removeIf(x -> x.name().equals(name));
      xattrs.add(new LayerEntry.Xattr(name, value));
    } else if (key.equals("GNU.sparse.offset") || key.equals("GNU.sparse.numbytes")) {
      boolean offset = key.endsWith("offset");
      if (offset != (sparsePairs.size() % 2 == 0)) {
        throw malformed("offsets and lengths of a sparse file do not alternate");
      }
      sparsePairs.add(decimal(key, value));
    } else if (value.length() == 0) {
      values.remove(key);
    } else {
      values.put(key, value);
    }
  }

  @Nullable RawBytes get(String key) {
    return values.get(key);
  }

  boolean has(String key) {
    return values.containsKey(key);
  }

  /** A decimal number of at most 18 digits, or the one given when the key is not there. */
  long number(String key, long otherwise) throws LayerException {
    RawBytes value = values.get(key);
    return value == null ? otherwise : decimal(key, value);
  }

  List<LayerEntry.Xattr> xattrs() {
    return xattrs;
  }

  /** Offsets and lengths in turn, of sparse format 0.0 or 0.1; empty when there are none. */
  List<Long> sparsePairs() throws LayerException {
    RawBytes map = values.get("GNU.sparse.map");
    if (map == null) {
      return sparsePairs;
    }
    var pairs = new ArrayList<Long>();
    int start = 0;
    for (int i = 0; i <= map.length(); i++) {
      if (i == map.length() || map.at(i) == ',') {
        pairs.add(decimal("GNU.sparse.map", map.slice(start, i)));
        start = i + 1;
      }
    }
    return pairs;
  }

  static long decimal(String key, RawBytes text) throws LayerException {
    if (text.length() == 0 || text.length() > 18) {
      throw malformed(key + " is no number: " + text);
    }
    long value = 0;
    for (int i = 0; i < text.length(); i++) {
      int digit = text.at(i) - '0';
      if (digit < 0 || digit > 9) {
        throw malformed(key + " is no number: " + text);
      }
      value = value * 10 + digit;
    }
    return value;
  }
}
