package dev.hearth.runtime.snapshot;

import static dev.hearth.runtime.snapshot.LayerException.malformed;
import static dev.hearth.runtime.snapshot.LayerException.unsafe;
import static dev.hearth.runtime.snapshot.LayerTree.NONE;
import static dev.hearth.runtime.snapshot.LayerTree.ROOT;

import java.io.IOException;

/**
 * Puts the entries of an archive into a {@link LayerTree} and their content into a {@link
 * LayerTarget}. All there is to know of names is decided here, on bytes in memory:
 *
 * <ul>
 *   <li>A path is a list of components. Slashes at its start, empty components and {@code .} count
 *       for nothing; {@code ..} takes back the component before it, and leading out of the root is
 *       refused.
 *   <li>A symbolic link on the way to an entry is followed as the peers do, within the layer's own
 *       tree: the root is the layer's, and what a lower layer has there does not matter. No link of
 *       the host's is ever followed, because none is there.
 *   <li>The later of two entries of one name wins. Two directories become one with the attributes
 *       of the later; a directory that something else replaces takes its content along.
 *   <li>A hard link leads to an entry before it in the same archive that is no directory.
 *   <li>Whiteouts ({@code .wh.name}, {@code .wh..wh..opq}) hide the layers below and never an entry
 *       of their own (OCI Image Specification 1.1, layer.md, "Whiteouts"); other names that start
 *       with {@code .wh..wh.} are AUFS's own affairs and passed over.
 * </ul>
 */
final class LayerAssembler {
  private static final RawBytes WHITEOUT = RawBytes.of(".wh.");
  private static final RawBytes AUFS = RawBytes.of(".wh..wh.");
  private static final RawBytes OPAQUE = RawBytes.of(".wh..wh..opq");
  private static final int NAME_MAX = 255;
  private static final int LINKS_FOLLOWED_MAX = 40;

  private final LayerTree tree;
  private final LayerTarget target;
  private final LayerLimits limits;
  private final EntryPath path = new EntryPath();
  private final EntryPath linkPath = new EntryPath();

  private int headers;
  private long contentBytes;
  private int linksFollowed;

  /**
   * Components looked up; bounded, or long paths through links would keep a core busy for hours.
   */
  private long stepsLeft;

  LayerAssembler(LayerTree tree, LayerTarget target, LayerLimits limits) {
    this.tree = tree;
    this.target = target;
    this.limits = limits;
    this.stepsLeft = 64L * limits.entries() + 100_000;
  }

  /** Adds an entry; a regular file's content is taken from the decoder. */
  void add(LayerEntry entry, TarDecoder decoder)
      throws LayerException, IOException, InterruptedException {
    headers++;
    checkSize();
    parse(path, entry.path(), "path");
    linksFollowed = 0;
    if (path.count() == 0) {
      addRoot(entry);
      return;
    }
    RawBytes last = path.component(path.count() - 1);
    if (isAufs(last)) {
      return;
    }
    int dir = walk(path, path.count() - 1, true);
    if (last.equals(OPAQUE)) {
      tree.addFlag(dir, LayerTree.OPAQUE);
    } else if (last.startsWith(WHITEOUT)) {
      tree.setWhiteout(entryFor(dir, whiteoutName(last)));
    } else {
      addTo(dir, last, entry, decoder);
    }
    checkSize();
  }

  private void checkSize() throws LayerException {
    // A node and a name for each entry.
    if (headers > limits.entries() || tree.size() > 2L * limits.entries()) {
      throw LayerException.limit("the layer has more than " + limits.entries() + " entries");
    }
  }

  private void parse(EntryPath into, RawBytes bytes, String what) throws LayerException {
    if (bytes.length() == 0) {
      throw malformed("the " + what + " is empty");
    }
    if (bytes.length() > limits.pathBytes()) {
      throw LayerException.limit(
          "the " + what + " is longer than " + limits.pathBytes() + " bytes");
    }
    if (bytes.indexOf(0) >= 0) {
      throw unsafe("the " + what + " contains NUL");
    }
    into.parse(bytes);
    for (int i = 0; i < into.count(); i++) {
      if (into.length(i) > NAME_MAX) {
        throw LayerException.limit("a name in the " + what + " is longer than 255 bytes");
      }
    }
  }

  private void addRoot(LayerEntry entry) throws LayerException, IOException {
    if (!(entry instanceof LayerEntry.Directory root)) {
      throw unsafe("the root of the layer can only be a directory");
    }
    checkXattrs(root.attributes());
    tree.setAttributes(ROOT, LayerTree.DIRECTORY, root.attributes());
  }

  private boolean isAufs(RawBytes last) throws LayerException {
    for (int i = 0; i < path.count() - 1; i++) {
      RawBytes component = path.component(i);
      if (component.startsWith(AUFS)) {
        return true;
      }
      if (component.startsWith(WHITEOUT)) {
        throw malformed("an entry below a whiteout");
      }
    }
    return last.startsWith(AUFS) && !last.equals(OPAQUE);
  }

  private static RawBytes whiteoutName(RawBytes last) throws LayerException {
    RawBytes name = last.from(WHITEOUT.length());
    if (name.length() == 0 || name.equals(RawBytes.of(".")) || name.equals(RawBytes.of(".."))) {
      throw unsafe("a whiteout of nothing, of its own directory or of the one above");
    }
    return name;
  }

  private int entryFor(int dir, RawBytes name) throws IOException {
    byte[] bytes = name.toArray();
    int entry = tree.find(dir, bytes, 0, bytes.length);
    return entry == NONE ? tree.addEntry(dir, bytes, 0, bytes.length) : entry;
  }

  private void addTo(int dir, RawBytes name, LayerEntry entry, TarDecoder decoder)
      throws LayerException, IOException, InterruptedException {
    switch (entry) {
      case LayerEntry.Directory e -> addDirectory(entryFor(dir, name), dir, e);
      case LayerEntry.HardLink e -> addHardLink(dir, name, e);
      case LayerEntry.RegularFile e -> addFile(entryFor(dir, name), e, decoder);
      case LayerEntry.Symlink e -> {
        checkTarget(e.target());
        int node = newNode(LayerTree.SYMLINK, e.attributes());
        tree.setSymlinkTarget(node, e.target());
        tree.setNode(entryFor(dir, name), node);
      }
      case LayerEntry.Device e -> {
        int type = e.block() ? LayerTree.BLOCK : LayerTree.CHARACTER;
        int node = newNode(type, e.attributes());
        tree.setData(node, deviceNumber(e.major(), e.minor()), 0);
        tree.setNode(entryFor(dir, name), node);
      }
      case LayerEntry.Fifo e ->
          tree.setNode(entryFor(dir, name), newNode(LayerTree.FIFO, e.attributes()));
    }
  }

  /** Linux's 32-bit encoding of a device number (include/linux/kdev_t.h, new_encode_dev). */
  private static int deviceNumber(int major, int minor) {
    return (minor & 0xFF) | (major << 8) | ((minor & ~0xFF) << 12);
  }

  private int newNode(int type, LayerEntry.Attributes attributes)
      throws LayerException, IOException {
    checkXattrs(attributes);
    return tree.addNode(type, attributes);
  }

  private void checkTarget(RawBytes symlinkTarget) throws LayerException {
    if (symlinkTarget.length() == 0) {
      throw malformed("a symbolic link to nothing");
    }
    if (symlinkTarget.length() > limits.pathBytes()) {
      throw LayerException.limit(
          "a symbolic link's target is longer than " + limits.pathBytes() + " bytes");
    }
    if (symlinkTarget.indexOf(0) >= 0) {
      throw unsafe("a symbolic link's target contains NUL");
    }
  }

  private void checkXattrs(LayerEntry.Attributes attributes) throws LayerException {
    long cost = 0;
    for (LayerEntry.Xattr xattr : attributes.xattrs()) {
      if (xattr.name().length() > NAME_MAX || xattr.name().indexOf(0) >= 0) {
        throw malformed("no name of an extended attribute: " + xattr.name());
      }
      if (xattr.value().length() > 0xFFFF) {
        throw LayerException.limit("extended attribute " + xattr.name() + " exceeds 65535 bytes");
      }
      cost += XattrBlock.cost(xattr);
    }
    if (cost > limits.xattrBytes()) {
      throw LayerException.limit(
          "extended attributes of more than " + limits.xattrBytes() + " bytes");
    }
  }

  private void addDirectory(int entry, int dir, LayerEntry.Directory e)
      throws LayerException, IOException {
    checkXattrs(e.attributes());
    int node = tree.node(entry);
    if (node != NONE && tree.type(node) == LayerTree.DIRECTORY) {
      tree.setAttributes(node, LayerTree.DIRECTORY, e.attributes());
    } else {
      tree.setNode(entry, tree.addDirectory(dir, below(dir), e.attributes()));
    }
  }

  private int below(int dir) throws LayerException {
    int depth = tree.depth(dir) + 1;
    if (depth > limits.depth()) {
      throw LayerException.limit("directories nest deeper than " + limits.depth());
    }
    return depth;
  }

  private void addFile(int entry, LayerEntry.RegularFile e, TarDecoder decoder)
      throws LayerException, IOException, InterruptedException {
    if (e.size() > limits.contentBytes() - contentBytes) {
      throw LayerException.limit(
          "the layer's files have more than " + limits.contentBytes() + " bytes");
    }
    contentBytes += e.size();
    int node = newNode(LayerTree.REGULAR, e.attributes());
    int data = target.startFile(e.size());
    decoder.content(target);
    target.endFile();
    tree.setData(node, data, e.size());
    tree.setNode(entry, node);
  }

  private void addHardLink(int dir, RawBytes name, LayerEntry.HardLink e)
      throws LayerException, IOException {
    parse(linkPath, e.target(), "hard link's target");
    int count = linkPath.count();
    int targetDir = count == 0 ? NONE : walk(linkPath, count - 1, false);
    int targetEntry = NONE;
    if (targetDir != NONE) {
      targetEntry =
          tree.find(
              targetDir, linkPath.bytes(), linkPath.start(count - 1), linkPath.length(count - 1));
    }
    int node = targetEntry == NONE ? NONE : tree.node(targetEntry);
    if (node == NONE) {
      throw unsafe("a hard link to " + e.target() + ", which is not in this layer before it");
    }
    if (tree.type(node) == LayerTree.DIRECTORY) {
      throw unsafe("a hard link to the directory " + e.target());
    }
    tree.setNode(entryFor(dir, name), node);
  }

  /**
   * Goes down the first components, through symbolic links.
   *
   * @param create makes the directories that are missing; otherwise they yield {@link
   *     LayerTree#NONE}
   */
  private int walk(EntryPath along, int count, boolean create) throws LayerException, IOException {
    int dir = ROOT;
    for (int i = 0; i < count && dir != NONE; i++) {
      dir = step(dir, along.bytes(), along.start(i), along.length(i), create);
    }
    return dir;
  }

  private int step(int dir, byte[] name, int from, int length, boolean create)
      throws LayerException, IOException {
    if (--stepsLeft < 0) {
      throw LayerException.limit("the layer's paths are too long in sum");
    }
    int entry = tree.find(dir, name, from, length);
    int node = entry == NONE ? NONE : tree.node(entry);
    if (node == NONE) {
      if (!create) {
        return NONE;
      }
      node = tree.addImpliedDirectory(dir, below(dir));
      checkSize();
      tree.setNode(entry == NONE ? tree.addEntry(dir, name, from, length) : entry, node);
      return node;
    }
    return switch (tree.type(node)) {
      case LayerTree.DIRECTORY -> node;
      case LayerTree.SYMLINK -> follow(dir, tree.symlinkTarget(node), create);
      default ->
          throw unsafe(
              "it lies below "
                  + RawBytes.of(name, from, from + length)
                  + ", which is no directory");
    };
  }

  private int follow(int from, RawBytes link, boolean create) throws LayerException, IOException {
    if (++linksFollowed > LINKS_FOLLOWED_MAX) {
      throw unsafe("too many symbolic links on the way");
    }
    byte[] bytes = link.toArray();
    int dir = bytes[0] == '/' ? ROOT : from;
    int start = 0;
    while (start < bytes.length && dir != NONE) {
      int end = start;
      while (end < bytes.length && bytes[end] != '/') {
        end++;
      }
      int length = end - start;
      if (length == 2 && bytes[start] == '.' && bytes[start + 1] == '.') {
        dir = tree.parent(dir);
      } else if (length > NAME_MAX) {
        throw LayerException.limit("a name in a symbolic link on the way is too long");
      } else if (length > 0 && !(length == 1 && bytes[start] == '.')) {
        dir = step(dir, bytes, start, length, create);
      }
      start = end + 1;
    }
    return dir;
  }
}
