package dev.hearth.runtime.snapshot;

import static dev.hearth.runtime.snapshot.LayerTree.DIRECTORY;
import static dev.hearth.runtime.snapshot.LayerTree.NONE;
import static dev.hearth.runtime.snapshot.LayerTree.REGULAR;
import static dev.hearth.runtime.snapshot.LayerTree.ROOT;

import dev.hearth.linux.Descriptors;
import dev.hearth.linux.Device;
import dev.hearth.linux.Entries;
import dev.hearth.linux.Fd;
import dev.hearth.linux.FileType;
import dev.hearth.linux.OpenFlag;
import dev.hearth.linux.Opens;
import dev.hearth.linux.ResolveFlag;
import dev.hearth.linux.Xattrs;
import dev.hearth.runtime.model.Digest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Writes a layer as a folder, for kernels that cannot mount an EROFS image from a file (before
 * 6.12) and disks they cannot do it on.
 *
 * <pre>
 *   fs/      the layer's root
 *   record   {@link LayerRecord}
 *   stage/   contents of files while the archive is read, numbered; gone in the end
 * </pre>
 *
 * <p>Names come when the tree is complete and sound. From then on each entry is made by a single
 * name in a directory that was made the same way and is held open, so there is no link to follow.
 */
final class FolderTarget implements LayerTarget {
  static final String ROOT_NAME = "fs";
  static final String RECORD_NAME = "record";

  private static final String STAGE_NAME = "stage";

  /** Longer paths are opened in parts: PATH_MAX. */
  private static final int PATH_BYTES = 4000;

  private static final Set<OpenFlag> DIRECTORY_FLAGS =
      Set.of(OpenFlag.READ_ONLY, OpenFlag.DIRECTORY, OpenFlag.NO_FOLLOW);
  private static final Set<ResolveFlag> ONLY_DOWN =
      Set.of(ResolveFlag.BENEATH, ResolveFlag.NO_LINKS, ResolveFlag.NO_MOUNTS);

  private final Path folder;
  private final Path stagePath;
  private final Fd root;
  private final Fd stage;
  private @Nullable FileChannel file;
  private long position;
  private int files;
  private long diskBytes;
  private long diskInodes;

  /**
   * @param folder not there yet
   */
  FolderTarget(Path folder) throws IOException {
    this.folder = folder;
    this.stagePath = folder.resolve(STAGE_NAME);
    Files.createDirectory(folder);
    Files.createDirectory(stagePath);
    Files.createDirectory(folder.resolve(ROOT_NAME));
    stage = Opens.open(stagePath, DIRECTORY_FLAGS);
    Fd opened;
    try {
      opened = Opens.open(folder.resolve(ROOT_NAME), DIRECTORY_FLAGS);
    } catch (IOException e) {
      stage.close();
      throw e;
    }
    root = opened;
  }

  @Override
  public int startFile(long size) throws IOException {
    int number = files++;
    file =
        FileChannel.open(
            stagePath.resolve(Integer.toString(number)),
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.WRITE);
    position = 0;
    return number;
  }

  private FileChannel file() {
    FileChannel current = file;
    if (current == null) {
      throw new IllegalStateException("no file was started");
    }
    return current;
  }

  @Override
  public void content(byte[] source, int offset, int length) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(source, offset, length);
    while (bytes.hasRemaining()) {
      position += file().write(bytes, position);
    }
    diskBytes += length;
  }

  @Override
  public void hole(long length) {
    position += length;
  }

  @Override
  public void endFile() throws IOException {
    try (FileChannel ending = file()) {
      if (ending.size() < position) {
        ending.write(ByteBuffer.allocate(1), position - 1);
      }
    } finally {
      file = null;
    }
  }

  @Override
  public void finish(LayerTree tree, LayerRecord record, Digest diffId) throws IOException {
    var pending = new ArrayDeque<Pending>();
    pending.push(new Pending(ROOT, RawBytes.EMPTY));
    while (!pending.isEmpty()) {
      fillDirectory(tree, pending.pop(), pending);
    }
    dropStage();
    try (FileChannel channel =
        FileChannel.open(
            folder.resolve(RECORD_NAME), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      new LayerRecord(
              record.archiveBytes(), diskBytes, diskInodes, record.rootOpaque(), record.implied())
          .append(channel, 0);
    }
    Descriptors.syncFileSystem(root);
  }

  private record Pending(int dir, RawBytes path) {}

  private void fillDirectory(LayerTree tree, Pending dir, ArrayDeque<Pending> pending)
      throws IOException {
    try (Fd opened = open(dir.path())) {
      for (int entry = tree.first(dir.dir()); entry != NONE; entry = tree.next(entry)) {
        int node = tree.node(entry);
        RawBytes name = tree.name(entry);
        if (tree.type(node) == DIRECTORY) {
          Entries.makeDirectory(opened, name.text(), 0700);
          pending.push(new Pending(node, dir.path().child(name)));
        } else {
          addName(tree, node, opened, name.text());
        }
      }
      diskInodes++;
      diskBytes += BlockWriter.BLOCK;
      finishDirectory(tree, dir.dir(), opened);
    }
  }

  private Fd open(RawBytes path) throws IOException {
    Fd at = root;
    RawBytes rest = path;
    while (rest.length() > PATH_BYTES) {
      int cut = PATH_BYTES;
      while (rest.at(cut) != '/') {
        cut--;
      }
      Fd next = openBelow(at, rest.slice(0, cut));
      rest = rest.from(cut + 1);
      if (at != root) {
        at.close();
      }
      at = next;
    }
    try {
      return openBelow(at, rest.length() == 0 ? RawBytes.of(".") : rest);
    } finally {
      if (at != root) {
        at.close();
      }
    }
  }

  private static Fd openBelow(Fd at, RawBytes path) throws IOException {
    return Opens.openIn(at, path.text(), DIRECTORY_FLAGS, ONLY_DOWN);
  }

  private static void finishDirectory(LayerTree tree, int dir, Fd opened) throws IOException {
    Entries.setOwner(opened, tree.uid(dir), tree.gid(dir));
    Entries.setMode(opened, tree.mode(dir) & 07777);
    for (LayerEntry.Xattr xattr : XattrBlock.decode(tree.xattrs(dir))) {
      Xattrs.set(opened, xattr.name().text(), xattr.value().toArray());
    }
    if (tree.is(dir, LayerTree.OPAQUE)) {
      Xattrs.set(opened, XattrBlock.OPAQUE.name().text(), XattrBlock.OPAQUE.value().toArray());
    }
    // Last, since what is made in a directory changes its time.
    Entries.setModified(opened, modified(tree, dir));
  }

  private static Instant modified(LayerTree tree, int node) {
    return Instant.ofEpochSecond(tree.mtimeSeconds(node), tree.mtimeNanos(node));
  }

  /** Makes the node in the stage when it is met first, then gives it this name. */
  private void addName(LayerTree tree, int node, Fd dir, String name) throws IOException {
    if (tree.place(node) == 0) {
      int number = tree.type(node) == REGULAR ? tree.data(node) : files++;
      makeNode(tree, node, Integer.toString(number));
      tree.setPlace(node, number + 1);
      diskInodes++;
    }
    String staged = Integer.toString(tree.place(node) - 1);
    if (tree.links(node) == 1) {
      Entries.rename(stage, staged, dir, name, Entries.IfPresent.FAIL);
    } else {
      Entries.makeHardLink(stage, staged, dir, name);
    }
  }

  private void makeNode(LayerTree tree, int node, String staged) throws IOException {
    switch (tree.type(node)) {
      case REGULAR -> {}
      case LayerTree.SYMLINK -> Entries.makeLink(stage, staged, tree.symlinkTarget(node).text());
      case LayerTree.CHARACTER ->
          Entries.makeNode(stage, staged, FileType.CHARACTER_DEVICE, 0, deviceNumber(tree, node));
      case LayerTree.BLOCK ->
          Entries.makeNode(stage, staged, FileType.BLOCK_DEVICE, 0, deviceNumber(tree, node));
      case LayerTree.FIFO -> Entries.makeNode(stage, staged, FileType.PIPE, 0, 0);
      default -> throw new IllegalStateException("not a type of node: " + tree.type(node));
    }
    Entries.setOwner(stage, staged, tree.uid(node), tree.gid(node));
    if (tree.type(node) != LayerTree.SYMLINK) {
      Entries.setMode(stage, staged, tree.mode(node) & 07777);
    }
    List<LayerEntry.Xattr> xattrs = XattrBlock.decode(tree.xattrs(node));
    for (LayerEntry.Xattr xattr : xattrs) {
      Xattrs.set(stagePath.resolve(staged), xattr.name().text(), xattr.value().toArray());
    }
    Entries.setModified(stage, staged, modified(tree, node));
  }

  private static long deviceNumber(LayerTree tree, int node) {
    int encoded = tree.data(node);
    int minor = (encoded & 0xFF) | ((encoded >>> 12) & 0xFFF00);
    return new Device((encoded >>> 8) & 0xFFF, minor).number();
  }

  /** Removes what no name leads to: replaced files, and the stage's own name of linked ones. */
  private void dropStage() throws IOException {
    try (var left = Files.newDirectoryStream(stagePath)) {
      for (Path path : left) {
        Files.delete(path);
      }
    }
    Files.delete(stagePath);
  }

  @Override
  public void close() throws IOException {
    FileChannel unfinished = file;
    stage.close();
    root.close();
    if (unfinished != null) {
      unfinished.close();
    }
  }
}
