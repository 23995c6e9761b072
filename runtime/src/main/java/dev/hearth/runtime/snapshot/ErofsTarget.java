package dev.hearth.runtime.snapshot;

import static dev.hearth.runtime.snapshot.BlockWriter.BLOCK;
import static dev.hearth.runtime.snapshot.LayerTree.DIRECTORY;
import static dev.hearth.runtime.snapshot.LayerTree.NONE;
import static dev.hearth.runtime.snapshot.LayerTree.REGULAR;
import static dev.hearth.runtime.snapshot.LayerTree.ROOT;
import static dev.hearth.runtime.snapshot.LayerTree.SYMLINK;

import dev.hearth.runtime.model.Digest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HexFormat;
import java.util.zip.CRC32C;

/**
 * Writes a layer as one uncompressed EROFS image, front to back: creating 20,000 files takes a
 * second, writing one file of their size a twentieth (Linux, Documentation/filesystems/erofs.rst
 * and fs/erofs/erofs_fs.h).
 *
 * <pre>
 *   block 0       superblock, at byte 1024; written last
 *   from block 1  contents of files, each from a block's start, in the archive's order
 *   then          directories, the blocks that are full or nearly so
 *   then          inodes, each with its attributes and, inline, a short directory or link target
 *   at the end    {@link LayerRecord}; not EROFS
 * </pre>
 *
 * <p>The same archive yields the same image. Nothing is compressed or shared: pages of an image are
 * shared by all its containers anyway, and the disk gets back what creating files would cost.
 */
final class ErofsTarget implements LayerTarget {
  static final int MAGIC = 0xE0F5E1E2;
  static final int SUPERBLOCK = 1024;

  private static final int FEATURE_SUPERBLOCK_CHECKSUM = 1;
  private static final int FEATURE_MTIME = 2;
  private static final int BLOCK_BITS = 12;

  private static final int SLOT = 32;
  private static final int EXTENDED_INODE = 64;
  private static final int FORMAT_EXTENDED = 1;
  private static final int LAYOUT_INLINE = 2 << 1;
  private static final int XATTR_HEADER = 12;

  /** The root's slot is the first but one: number 0 would be no inode number to a C library. */
  private static final int FIRST_SLOT = 2;

  /**
   * What is longer gets a block of its own instead of following its inode. A tail may not cross
   * blocks, so a longer one would leave a gap as long before it.
   */
  private static final int INLINE_MAX = BLOCK / 2;

  private final boolean durable;
  private final FileChannel channel;
  private final BlockWriter out;
  private final Writeback writeback;
  private final byte[] opaque = XattrBlock.opaque();

  /**
   * @param file not there yet
   * @param durable waits for the disk in the end
   */
  ErofsTarget(Path file, boolean durable) throws IOException {
    this.durable = durable;
    channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE);
    out = new BlockWriter(channel);
    writeback = new Writeback(channel);
    out.zeros(BLOCK);
  }

  @Override
  public int startFile(long size) throws LayerException, IOException {
    long block = out.position() / BLOCK;
    // Block numbers have 32 bits. Names come after the content and need some, too.
    if (block + size / BLOCK >= 0xF000_0000L) {
      throw LayerException.limit("the layer does not fit an image of 16 TiB");
    }
    return (int) block;
  }

  @Override
  public void content(byte[] source, int offset, int length) throws IOException {
    out.put(source, offset, length);
  }

  @Override
  public void hole(long length) throws IOException {
    out.hole(length);
  }

  @Override
  public void endFile() throws IOException {
    out.pad();
    writeback.written(out.flushed());
  }

  @Override
  public void finish(LayerTree tree, LayerRecord record, Digest diffId)
      throws LayerException, IOException {
    int nodes = new Layout(tree).assign(out.position() / BLOCK);
    writeDirectoryBlocks(tree);
    long metaBlock = out.position() / BLOCK;
    out.zeros(FIRST_SLOT * SLOT);
    writeInodes(tree, metaBlock * BLOCK);
    out.pad();
    long end = out.position();
    out.flush();
    writeSuperblock(nodes, metaBlock, end / BLOCK, diffId);
    new LayerRecord(record.archiveBytes(), out.written(), 1, record.rootOpaque(), record.implied())
        .append(channel, end);
    if (durable) {
      writeback.finish();
    }
  }

  @Override
  public void close() throws IOException {
    writeback.close();
    out.close();
    channel.close();
  }

  /** Calls back for every node once, in the order of their places. */
  private interface Visitor {
    void visit(int node) throws IOException;
  }

  /** Visits the root, then directory by directory what lies in it: what is looked at together. */
  private static void walk(LayerTree tree, Visitor visitor) throws IOException {
    var pending = new LayerTree.IntStack();
    pending.push(ROOT);
    visitor.visit(ROOT);
    while (!pending.isEmpty()) {
      int dir = pending.pop();
      for (int entry = tree.first(dir); entry != NONE; entry = tree.next(entry)) {
        int node = tree.node(entry);
        visitor.visit(node);
        if (tree.type(node) == DIRECTORY) {
          pending.push(node);
        }
      }
    }
  }

  /** How many bytes follow the inode and its attributes. */
  private static int tailBytes(LayerTree tree, int node) {
    int type = tree.type(node);
    if (type != DIRECTORY && type != SYMLINK) {
      return 0;
    }
    int tail = (int) (tree.size(node) % BLOCK);
    return tail <= INLINE_MAX ? tail : 0;
  }

  private int xattrBytes(LayerTree tree, int node) {
    int bytes = tree.xattrBytes(node) + (tree.is(node, LayerTree.OPAQUE) ? opaque.length : 0);
    return bytes == 0 ? 0 : XATTR_HEADER + bytes;
  }

  /**
   * The first position at or behind one where an inode may lie: it and its tail in a block each.
   */
  private static long fit(long from, int xattrs, int tail) {
    long at = (from + SLOT - 1) & -SLOT;
    if (at % BLOCK > BLOCK - EXTENDED_INODE) {
      at = (at + BLOCK - 1) & -BLOCK;
    }
    long tailAt = at + EXTENDED_INODE + xattrs;
    if (tail > 0 && tailAt % BLOCK + tail > BLOCK) {
      long gap = BLOCK - tailAt % BLOCK;
      at = (at + gap + SLOT - 1) & -SLOT;
    }
    return at;
  }

  /** Decides where everything goes that is not content. */
  private final class Layout {
    private final LayerTree tree;
    private final DirectoryPacker packer;
    private long nextBlock;
    private long nextInode = (long) FIRST_SLOT * SLOT;
    private int count;

    Layout(LayerTree tree) {
      this.tree = tree;
      this.packer = new DirectoryPacker(tree);
    }

    /** Returns the number of nodes. */
    int assign(long firstBlock) throws IOException {
      nextBlock = firstBlock;
      walk(tree, this::assignNode);
      return count;
    }

    private void assignNode(int node) throws IOException {
      if (tree.place(node) != 0) {
        return; // one more name of it
      }
      count++;
      if (tree.type(node) == DIRECTORY) {
        long size = packer.measure(node);
        tree.setData(node, (int) nextBlock, size);
        nextBlock += blocks(size);
      } else if (tree.type(node) == SYMLINK && tailBytes(tree, node) == 0) {
        tree.setBlock(node, (int) nextBlock++);
      }
      int xattrs = xattrBytes(tree, node);
      int tail = tailBytes(tree, node);
      long at = fit(nextInode, xattrs, tail);
      tree.setPlace(node, (int) (at / SLOT));
      nextInode = at + EXTENDED_INODE + xattrs + tail;
    }
  }

  /** Blocks outside the inode's. */
  private static long blocks(long size) {
    long full = size / BLOCK;
    return size % BLOCK > INLINE_MAX ? full + 1 : full;
  }

  private void writeDirectoryBlocks(LayerTree tree) throws IOException {
    var packer = new DirectoryPacker(tree);
    long[] last = new long[1];
    walk(
        tree,
        node -> {
          if (Integer.toUnsignedLong(tree.place(node)) <= last[0]) {
            return;
          }
          last[0] = Integer.toUnsignedLong(tree.place(node));
          if (tree.type(node) == DIRECTORY) {
            long wanted = blocks(tree.size(node));
            packer.pack(
                node,
                (index, block, used) -> {
                  if (index < wanted) {
                    out.put(block, 0, BLOCK);
                  }
                });
          } else if (tree.type(node) == SYMLINK && tailBytes(tree, node) == 0) {
            byte[] target = tree.symlinkTarget(node).toArray();
            out.put(target, 0, target.length);
            out.pad();
          }
        });
  }

  private void writeInodes(LayerTree tree, long metaStart) throws IOException {
    var packer = new DirectoryPacker(tree);
    long[] last = new long[1];
    walk(
        tree,
        node -> {
          long place = Integer.toUnsignedLong(tree.place(node));
          if (place <= last[0]) {
            return;
          }
          last[0] = place;
          out.zeros((int) (metaStart + place * SLOT - out.position()));
          writeInode(tree, node, packer);
        });
  }

  private void writeInode(LayerTree tree, int node, DirectoryPacker packer) throws IOException {
    int xattrs = xattrBytes(tree, node);
    int tail = tailBytes(tree, node);
    ByteBuffer inode = out.room(EXTENDED_INODE);
    inode.putShort((short) (FORMAT_EXTENDED | (tail > 0 ? LAYOUT_INLINE : 0)));
    inode.putShort((short) (xattrs == 0 ? 0 : 1 + (xattrs - XATTR_HEADER) / 4));
    inode.putShort((short) tree.mode(node));
    inode.putShort((short) 0);
    inode.putLong(tree.size(node));
    inode.putInt(location(tree, node));
    inode.putInt(tree.place(node)); // what 32-bit callers see as inode number
    inode.putInt(tree.uid(node));
    inode.putInt(tree.gid(node));
    inode.putLong(tree.mtimeSeconds(node));
    inode.putInt(tree.mtimeNanos(node));
    inode.putInt(tree.links(node));
    inode.putLong(0).putLong(0);
    if (xattrs > 0) {
      out.zeros(XATTR_HEADER);
      byte[] own = tree.xattrs(node);
      out.put(own, 0, own.length);
      if (tree.is(node, LayerTree.OPAQUE)) {
        out.put(opaque, 0, opaque.length);
      }
    }
    if (tail > 0) {
      writeTail(tree, node, tail, packer);
    }
  }

  private int location(LayerTree tree, int node) {
    return switch (tree.type(node)) {
      case REGULAR -> tree.size(node) == 0 ? 0 : tree.data(node);
      case SYMLINK -> tailBytes(tree, node) > 0 ? 0 : tree.block(node);
      default -> tree.data(node);
    };
  }

  private void writeTail(LayerTree tree, int node, int tail, DirectoryPacker packer)
      throws IOException {
    if (tree.type(node) == SYMLINK) {
      out.put(tree.symlinkTarget(node).toArray(), 0, tail);
      return;
    }
    long index = tree.size(node) / BLOCK;
    packer.pack(
        node,
        (i, block, used) -> {
          if (i == index) {
            out.put(block, 0, tail);
          }
        });
  }

  private void writeSuperblock(int nodes, long metaBlock, long blocks, Digest diffId)
      throws IOException {
    ByteBuffer sb = ByteBuffer.allocate(BLOCK).order(ByteOrder.LITTLE_ENDIAN);
    sb.position(SUPERBLOCK);
    sb.putInt(MAGIC);
    sb.putInt(0); // checksum, below
    sb.putInt(FEATURE_SUPERBLOCK_CHECKSUM | FEATURE_MTIME);
    sb.put((byte) BLOCK_BITS).put((byte) 0);
    sb.putShort((short) FIRST_SLOT);
    sb.putLong(nodes);
    sb.putLong(0).putInt(0); // time of making: none, for the sake of reproducible images
    sb.putInt((int) blocks);
    sb.putInt((int) metaBlock);
    sb.putInt(0); // no shared attributes
    // overlayfs keeps inode numbers over a copy to the upper layer only of what has a UUID.
    sb.put(HexFormat.of().parseHex(diffId.hex().substring(0, 32)));
    var crc = new CRC32C();
    crc.update(sb.array(), SUPERBLOCK, BLOCK - SUPERBLOCK);
    sb.putInt(SUPERBLOCK + 4, ~(int) crc.getValue());
    sb.position(0);
    while (sb.hasRemaining()) {
      channel.write(sb, sb.position());
    }
  }
}
