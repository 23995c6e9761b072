package dev.hearth.runtime.snapshot;

import static dev.hearth.runtime.snapshot.BlockWriter.BLOCK;
import static dev.hearth.runtime.snapshot.LayerTree.NONE;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Packs a directory into EROFS's blocks: in each, an array of entries, then their names; all sorted
 * by their bytes, {@code .} and {@code ..} among them, so that the kernel can search by halving.
 */
final class DirectoryPacker {
  private static final int DIRENT = 12;
  private static final byte[] DOT = {'.'};
  private static final byte[] DOTS = {'.', '.'};

  private final LayerTree tree;

  /** The entries of the block being filled. */
  private final byte[] block = new byte[BLOCK];

  private final ByteBuffer out = ByteBuffer.wrap(block).order(ByteOrder.LITTLE_ENDIAN);
  private final byte[] names = new byte[BLOCK];

  private final int[] nameEnds = new int[BLOCK / DIRENT];
  private final int[] nodes = new int[BLOCK / DIRENT];
  private final byte[] name = new byte[256];
  private int count;
  private int namesLength;
  private long index;
  private long size;

  DirectoryPacker(LayerTree tree) {
    this.tree = tree;
  }

  /** Takes a block, of which so many bytes count; those behind are zero. It is used again. */
  interface BlockSink {
    void block(long index, byte[] block, int used) throws IOException;
  }

  /** The directory's size in bytes. */
  long measure(int dir) throws IOException {
    pack(dir, (i, block, used) -> size = i * BLOCK + used);
    return size;
  }

  void pack(int dir, BlockSink sink) throws IOException {
    index = 0;
    boolean dot = false;
    boolean dots = false;
    for (int entry = tree.first(dir); entry != NONE; entry = tree.next(entry)) {
      int length = tree.copyName(entry, name, 0);
      // Only names that start with a byte below '.', or are dots themselves, come before these.
      if (!dot && isBehind(DOT, length)) {
        add(DOT, 1, dir, sink);
        dot = true;
      }
      if (!dots && isBehind(DOTS, length)) {
        add(DOTS, 2, tree.parent(dir), sink);
        dots = true;
      }
      add(name, length, tree.node(entry), sink);
    }
    if (!dot) {
      add(DOT, 1, dir, sink);
    }
    if (!dots) {
      add(DOTS, 2, tree.parent(dir), sink);
    }
    emit(sink);
  }

  private boolean isBehind(byte[] other, int length) {
    return Arrays.compareUnsigned(name, 0, length, other, 0, other.length) > 0;
  }

  private void add(byte[] text, int length, int node, BlockSink sink) throws IOException {
    if ((count + 1) * DIRENT + namesLength + length > BLOCK) {
      emit(sink);
    }
    System.arraycopy(text, 0, names, namesLength, length);
    namesLength += length;
    nameEnds[count] = namesLength;
    nodes[count] = node;
    count++;
  }

  private void emit(BlockSink sink) throws IOException {
    out.clear();
    int namesStart = count * DIRENT;
    for (int i = 0; i < count; i++) {
      out.putLong(Integer.toUnsignedLong(tree.place(nodes[i])));
      out.putShort((short) (namesStart + (i == 0 ? 0 : nameEnds[i - 1])));
      out.put(fileType(nodes[i])).put((byte) 0);
    }
    out.put(names, 0, namesLength);
    int used = out.position();
    Arrays.fill(block, used, BLOCK, (byte) 0);
    sink.block(index, block, used);
    index++;
    count = 0;
    namesLength = 0;
  }

  private byte fileType(int node) {
    return switch (tree.type(node)) {
      case LayerTree.REGULAR -> 1;
      case LayerTree.DIRECTORY -> 2;
      case LayerTree.CHARACTER -> 3;
      case LayerTree.BLOCK -> 4;
      case LayerTree.FIFO -> 5;
      case LayerTree.SYMLINK -> 7;
      default -> 0;
    };
  }
}
