package dev.hearth.runtime.snapshot;

import java.io.IOException;
import java.util.Arrays;

/**
 * The names and inodes of one layer while its archive is read, in about 120 bytes an entry. Names
 * ("entries") lead to inodes ("nodes"), several to one where there are hard links; numbers are
 * never used again. Nothing here touches a file system, so no archive can lead it anywhere.
 *
 * <p>What is replaced only loses its name: a removed directory takes its subtree along, since that
 * is no longer reached from the root. {@link #seal()} sorts, counts links and turns whiteouts into
 * the form overlayfs knows. One thread.
 */
final class LayerTree {
  static final int ROOT = 0;
  static final int NONE = -1;

  static final int TYPE_MASK = 0170000;
  static final int DIRECTORY = 0040000;
  static final int REGULAR = 0100000;
  static final int SYMLINK = 0120000;
  static final int CHARACTER = 0020000;
  static final int BLOCK = 0060000;
  static final int FIFO = 0010000;

  /** Hides the directories of the same path in the layers below. */
  static final int OPAQUE = 1;

  /** A directory no entry of the archive speaks of, made because something lies in it. */
  static final int IMPLIED = 2;

  // A node's fields.
  private static final int MODE = 0;
  private static final int UID = 4;
  private static final int GID = 8;
  private static final int LINKS = 12;
  private static final int MTIME = 16;
  private static final int NANOS = 24;
  private static final int FLAGS = 28;
  private static final int SIZE = 32;
  private static final int DATA = 40;
  private static final int FIRST = 44;
  private static final int PARENT = 48;
  private static final int XATTRS = 52;
  private static final int PLACE = 56;
  private static final int DEPTH = 60;
  private static final int NODE_BYTES = 64;

  // An entry's fields.
  private static final int DIR = 0;
  private static final int NODE = 4;
  private static final int NEXT = 8;
  private static final int NAME = 12;
  private static final int HASH = 16;
  private static final int WHITEOUT = 20;
  private static final int ENTRY_BYTES = 24;

  private final RecordTable nodes;
  private final RecordTable entries;
  private final ByteHeap heap;
  private final long hashKey;

  /** Entries by directory and name, open addressing, an entry's number + 1. */
  private int[] slots = new int[1 << 10];

  /**
   * @param hashKey a secret, so that no archive can be made of names that collide
   */
  LayerTree(Scratch scratch, long hashKey) throws IOException {
    this.nodes = new RecordTable(scratch, NODE_BYTES);
    this.entries = new RecordTable(scratch, ENTRY_BYTES);
    this.heap = new ByteHeap(scratch);
    this.hashKey = hashKey | 1;
    int root = addImpliedDirectory(ROOT, 0);
    assert root == ROOT;
  }

  /** Nodes and names made so far, the replaced ones among them: what the limits count. */
  int size() {
    return nodes.size() + entries.size();
  }

  // Building.

  int addNode(int type, LayerEntry.Attributes attributes) throws IOException {
    int node = nodes.add();
    setAttributes(node, type, attributes);
    return node;
  }

  void setAttributes(int node, int type, LayerEntry.Attributes a) throws IOException {
    // Linux has no modes of links and shows them so.
    nodes.putInt(node, MODE, type | (type == SYMLINK ? 0777 : a.mode()));
    nodes.putInt(node, UID, a.uid());
    nodes.putInt(node, GID, a.gid());
    nodes.putLong(node, MTIME, a.mtimeSeconds());
    nodes.putInt(node, NANOS, a.mtimeNanos());
    nodes.putInt(node, FLAGS, flags(node) & ~IMPLIED);
    boolean mayHaveUser = type == REGULAR || type == DIRECTORY;
    byte[] xattrs = XattrBlock.encode(a.xattrs(), mayHaveUser);
    nodes.putInt(node, XATTRS, xattrs.length == 0 ? 0 : heap.add(xattrs, 0, xattrs.length) + 1);
  }

  /** Owned by root, 0755, of the epoch. */
  int addImpliedDirectory(int parent, int depth) throws IOException {
    int node = nodes.add();
    nodes.putInt(node, MODE, DIRECTORY | 0755);
    nodes.putInt(node, FLAGS, IMPLIED);
    place(node, parent, depth);
    return node;
  }

  int addDirectory(int parent, int depth, LayerEntry.Attributes attributes) throws IOException {
    int node = addNode(DIRECTORY, attributes);
    place(node, parent, depth);
    return node;
  }

  private void place(int node, int parent, int depth) {
    nodes.putInt(node, PARENT, parent);
    nodes.putInt(node, DEPTH, depth);
  }

  void setSymlinkTarget(int node, RawBytes target) throws IOException {
    byte[] bytes = target.toArray();
    nodes.putInt(node, DATA, heap.add(bytes, 0, bytes.length));
    nodes.putLong(node, SIZE, bytes.length);
  }

  void setData(int node, int data, long size) {
    nodes.putInt(node, DATA, data);
    nodes.putLong(node, SIZE, size);
  }

  /** The block a long symbolic link's target was given. */
  int block(int symlink) {
    return nodes.getInt(symlink, FIRST);
  }

  void setBlock(int symlink, int block) {
    nodes.putInt(symlink, FIRST, block);
  }

  void addFlag(int node, int flag) {
    nodes.putInt(node, FLAGS, flags(node) | flag);
  }

  /** The entry of this name, or {@link #NONE}. */
  int find(int dir, byte[] name, int from, int length) {
    int hash = hash(dir, name, from, length);
    int mask = slots.length - 1;
    for (int i = hash & mask; slots[i] != 0; i = (i + 1) & mask) {
      int entry = slots[i] - 1;
      if (entries.getInt(entry, HASH) == hash
          && entries.getInt(entry, DIR) == dir
          && heap.equals(entries.getInt(entry, NAME), name, from, length)) {
        return entry;
      }
    }
    return NONE;
  }

  /** Adds a name that is not there yet, leading nowhere. */
  int addEntry(int dir, byte[] name, int from, int length) throws IOException {
    int entry = entries.add();
    int hash = hash(dir, name, from, length);
    entries.putInt(entry, DIR, dir);
    entries.putInt(entry, NODE, NONE);
    entries.putInt(entry, NAME, heap.add(name, from, length));
    entries.putInt(entry, HASH, hash);
    entries.putInt(entry, NEXT, nodes.getInt(dir, FIRST) - 1);
    nodes.putInt(dir, FIRST, entry + 1);
    if (entries.size() * 4L > slots.length * 3L) {
      rehash();
    }
    insert(entry, hash);
    return entry;
  }

  private void rehash() {
    slots = new int[slots.length * 2];
    for (int entry = 0; entry < entries.size() - 1; entry++) {
      insert(entry, entries.getInt(entry, HASH));
    }
  }

  private void insert(int entry, int hash) {
    int mask = slots.length - 1;
    int i = hash & mask;
    while (slots[i] != 0) {
      i = (i + 1) & mask;
    }
    slots[i] = entry + 1;
  }

  private int hash(int dir, byte[] name, int from, int length) {
    long h = mix(dir ^ hashKey, hashKey);
    int at = from;
    int end = from + length;
    while (at < end) {
      long word = 0;
      for (int i = 0; i < 8 && at < end; i++) {
        word = (word << 8) | (name[at++] & 0xFF);
      }
      h = mix(h ^ word, hashKey);
    }
    h = mix(h ^ length, hashKey);
    return (int) (h ^ (h >>> 32));
  }

  private static long mix(long a, long key) {
    long k = key ^ 0x9E3779B97F4A7C15L;
    return (a * k) ^ Math.multiplyHigh(a, k) ^ key;
  }

  /** The node the name leads to; {@link #NONE} while nothing but a whiteout spoke of it. */
  int node(int entry) {
    return entries.getInt(entry, NODE);
  }

  void setNode(int entry, int node) {
    entries.putInt(entry, NODE, node);
  }

  void setWhiteout(int entry) {
    entries.putInt(entry, WHITEOUT, 1);
  }

  // Reading.

  int type(int node) {
    return mode(node) & TYPE_MASK;
  }

  int mode(int node) {
    return nodes.getInt(node, MODE);
  }

  int uid(int node) {
    return nodes.getInt(node, UID);
  }

  int gid(int node) {
    return nodes.getInt(node, GID);
  }

  long mtimeSeconds(int node) {
    return nodes.getLong(node, MTIME);
  }

  int mtimeNanos(int node) {
    return nodes.getInt(node, NANOS);
  }

  boolean is(int node, int flag) {
    return (flags(node) & flag) != 0;
  }

  private int flags(int node) {
    return nodes.getInt(node, FLAGS);
  }

  long size(int node) {
    return nodes.getLong(node, SIZE);
  }

  /** Where the content lies, as the target numbered it; a device's number. */
  int data(int node) {
    return nodes.getInt(node, DATA);
  }

  int parent(int dir) {
    return nodes.getInt(dir, PARENT);
  }

  int depth(int dir) {
    return nodes.getInt(dir, DEPTH);
  }

  RawBytes symlinkTarget(int node) {
    return string(data(node));
  }

  /** The attributes as {@link XattrBlock} encodes them; empty when there are none. */
  byte[] xattrs(int node) {
    int address = nodes.getInt(node, XATTRS);
    if (address == 0) {
      return new byte[0];
    }
    byte[] bytes = new byte[heap.length(address - 1)];
    heap.copy(address - 1, bytes, 0);
    return bytes;
  }

  int xattrBytes(int node) {
    int address = nodes.getInt(node, XATTRS);
    return address == 0 ? 0 : heap.length(address - 1);
  }

  /** The first name in a directory, or {@link #NONE}. */
  int first(int dir) {
    return nodes.getInt(dir, FIRST) - 1;
  }

  int next(int entry) {
    return entries.getInt(entry, NEXT);
  }

  RawBytes name(int entry) {
    return string(entries.getInt(entry, NAME));
  }

  int nameLength(int entry) {
    return heap.length(entries.getInt(entry, NAME));
  }

  int copyName(int entry, byte[] target, int at) {
    return heap.copy(entries.getInt(entry, NAME), target, at);
  }

  private RawBytes string(int address) {
    byte[] bytes = new byte[heap.length(address)];
    heap.copy(address, bytes, 0);
    return RawBytes.of(bytes);
  }

  /** Names that lead to the node, directories counted as file systems do; known when sealed. */
  int links(int node) {
    return nodes.getInt(node, LINKS);
  }

  /** A number of the writer's own: where it put the node. 0 at first. */
  int place(int node) {
    return nodes.getInt(node, PLACE);
  }

  void setPlace(int node, int place) {
    nodes.putInt(node, PLACE, place);
  }

  // Sealing.

  /**
   * Completes the tree: directories sorted, whiteouts in place, links counted. Whatever order the
   * archive had them in, a whiteout hides the layers below and an entry of the same name is there:
   * a directory becomes opaque, anything else hides what is below it anyway.
   *
   * @return how many nodes can be reached
   */
  int seal() throws IOException {
    int whiteout = NONE;
    int reached = 1;
    var pending = new IntStack();
    pending.push(ROOT);
    nodes.putInt(ROOT, LINKS, 2);
    while (!pending.isEmpty()) {
      int dir = pending.pop();
      sortEntries(dir);
      for (int entry = first(dir); entry != NONE; entry = next(entry)) {
        boolean hides = entries.getInt(entry, WHITEOUT) != 0;
        if (node(entry) == NONE) {
          if (whiteout == NONE) {
            whiteout = nodes.add();
            nodes.putInt(whiteout, MODE, CHARACTER);
          }
          setNode(entry, whiteout);
        }
        int node = node(entry);
        if (links(node) == 0) {
          reached++;
        }
        if (type(node) == DIRECTORY) {
          nodes.putInt(node, LINKS, 2);
          nodes.putInt(dir, LINKS, links(dir) + 1);
          pending.push(node);
          if (hides) {
            addFlag(node, OPAQUE);
          }
        } else {
          nodes.putInt(node, LINKS, links(node) + 1);
        }
      }
    }
    return reached;
  }

  /** A merge sort of the chain of entries, from the bottom up, in place. */
  private void sortEntries(int dir) {
    int head = first(dir);
    for (int width = 1; ; width *= 2) {
      int rest = head;
      int tail = NONE;
      int merges = 0;
      head = NONE;
      while (rest != NONE) {
        merges++;
        int left = rest;
        int leftSize = 0;
        while (leftSize < width && rest != NONE) {
          leftSize++;
          rest = next(rest);
        }
        int right = rest;
        int rightSize = width;
        while (leftSize > 0 || (rightSize > 0 && right != NONE)) {
          int taken;
          boolean takeLeft =
              leftSize > 0 && (rightSize == 0 || right == NONE || compare(left, right) <= 0);
          if (takeLeft) {
            taken = left;
            left = next(left);
            leftSize--;
          } else {
            taken = right;
            right = next(right);
            rightSize--;
          }
          if (tail == NONE) {
            head = taken;
          } else {
            entries.putInt(tail, NEXT, taken);
          }
          tail = taken;
        }
        rest = right;
      }
      if (tail != NONE) {
        entries.putInt(tail, NEXT, NONE);
      }
      if (merges <= 1) {
        nodes.putInt(dir, FIRST, head + 1);
        return;
      }
    }
  }

  private int compare(int first, int second) {
    return heap.compare(entries.getInt(first, NAME), entries.getInt(second, NAME));
  }

  /** A stack of numbers. */
  static final class IntStack {
    private int[] values = new int[64];
    private int size;

    boolean isEmpty() {
      return size == 0;
    }

    void push(int value) {
      if (size == values.length) {
        values = Arrays.copyOf(values, 2 * size);
      }
      values[size++] = value;
    }

    int pop() {
      return values[--size];
    }
  }
}
