package dev.hearth.runtime.snapshot;

import dev.hearth.runtime.model.Sha256;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Decodes archives in memory, for tests that need no file system. */
final class Archives {
  private Archives() {}

  /** The archive in pieces of a size, to show that none of its borders matters. */
  static ArchiveReader reader(byte[] archive, int pieceBytes) {
    return new ArchiveReader(new Pieces(archive, pieceBytes), Long.MAX_VALUE);
  }

  private static final class Pieces implements ChunkSource {
    private final byte[] archive;
    private final Chunk chunk;
    private int at;

    Pieces(byte[] archive, int pieceBytes) {
      this.archive = archive;
      this.chunk = new Chunk(new byte[pieceBytes]);
    }

    @Override
    public @Nullable Chunk next() {
      int n = Math.min(chunk.bytes.length, archive.length - at);
      if (n == 0) {
        return null;
      }
      System.arraycopy(archive, at, chunk.bytes, 0, n);
      chunk.length = n;
      at += n;
      return chunk;
    }
  }

  /** What an archive's entries are, a line each, contents with holes as {@code <5>}. */
  static List<String> entries(byte[] archive) throws Exception {
    var lines = new ArrayList<String>();
    var decoder = new TarDecoder(reader(archive, 700), LayerLimits.DEFAULT);
    LayerEntry entry;
    while ((entry = decoder.next()) != null) {
      lines.add(
          switch (entry) {
            case LayerEntry.Directory e -> "dir " + e.path() + attributes(e.attributes());
            case LayerEntry.RegularFile e ->
                "file "
                    + e.path()
                    + attributes(e.attributes())
                    + " "
                    + e.size()
                    + " "
                    + content(decoder);
            case LayerEntry.Symlink e ->
                "symlink " + e.path() + attributes(e.attributes()) + " -> " + e.target();
            case LayerEntry.HardLink e -> "link " + e.path() + " = " + e.target();
            case LayerEntry.Device e ->
                (e.block() ? "block " : "char ") + e.path() + " " + e.major() + ":" + e.minor();
            case LayerEntry.Fifo e -> "fifo " + e.path();
          });
    }
    return lines;
  }

  private static String attributes(LayerEntry.Attributes a) {
    String text =
        " %o %d:%d %d"
            .formatted(
                a.mode(),
                Integer.toUnsignedLong(a.uid()),
                Integer.toUnsignedLong(a.gid()),
                a.mtimeSeconds());
    if (a.mtimeNanos() > 0) {
      text += "+" + a.mtimeNanos();
    }
    for (LayerEntry.Xattr xattr : a.xattrs()) {
      text +=
          " " + xattr.name() + "=" + java.util.HexFormat.of().formatHex(xattr.value().toArray());
    }
    return text;
  }

  private static String content(TarDecoder decoder) throws Exception {
    var out = new ByteArrayOutputStream();
    decoder.content(
        new ContentSink() {
          @Override
          public void content(byte[] source, int offset, int length) {
            out.write(source, offset, length);
          }

          @Override
          public void hole(long length) {
            out.writeBytes(TarBytes.bytes("<" + length + ">"));
          }
        });
    return out.toString(StandardCharsets.UTF_8);
  }

  /** The paths of the tree an archive makes, sorted; directories end in a slash. */
  static List<String> tree(Path folder, byte[] archive) throws Exception {
    return tree(folder, archive, LayerLimits.DEFAULT);
  }

  static List<String> tree(Path folder, byte[] archive, LayerLimits limits) throws Exception {
    Path image = Files.createTempFile(folder, "image", "");
    Files.delete(image);
    try (var scratch = new Scratch(folder.resolve("scratch"));
        var target = new ErofsTarget(image, false)) {
      var tree = new LayerTree(scratch, 7);
      var assembler = new LayerAssembler(tree, target, limits);
      var decoder = new TarDecoder(reader(archive, 4096), limits);
      LayerEntry entry;
      while ((entry = decoder.next()) != null) {
        assembler.add(entry, decoder);
      }
      tree.seal();
      target.finish(tree, new LayerRecord(0, 0, 0, false, List.of()), Sha256.of(archive));
      return paths(tree);
    } finally {
      Files.deleteIfExists(image);
    }
  }

  private static List<String> paths(LayerTree tree) {
    var paths = new ArrayList<String>();
    collect(tree, LayerTree.ROOT, "", paths);
    return paths;
  }

  private static void collect(LayerTree tree, int dir, String prefix, List<String> paths) {
    for (int e = tree.first(dir); e != LayerTree.NONE; e = tree.next(e)) {
      int node = tree.node(e);
      String path = prefix + tree.name(e);
      switch (tree.type(node)) {
        case LayerTree.DIRECTORY -> {
          paths.add(path + "/" + (tree.is(node, LayerTree.OPAQUE) ? " opaque" : ""));
          collect(tree, node, path + "/", paths);
        }
        case LayerTree.SYMLINK -> paths.add(path + " -> " + tree.symlinkTarget(node));
        case LayerTree.CHARACTER ->
            paths.add(path + (tree.data(node) == 0 ? " whiteout" : " char"));
        default -> paths.add(path);
      }
    }
  }
}
