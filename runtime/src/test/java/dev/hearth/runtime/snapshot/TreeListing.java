package dev.hearth.runtime.snapshot;

import dev.hearth.linux.Entries;
import dev.hearth.linux.FileStatus;
import dev.hearth.linux.FileType;
import dev.hearth.linux.Xattrs;
import dev.hearth.runtime.model.Sha256;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Everything there is to know of a file tree, one line each: two trees are equal when these are.
 */
final class TreeListing {
  private TreeListing() {}

  static List<String> of(Path root) throws IOException {
    var lines = new ArrayList<String>();
    var firstNames = new HashMap<Long, String>();
    List<Path> paths;
    try (Stream<Path> walk = Files.walk(root)) {
      paths = walk.sorted().toList();
    }
    for (Path path : paths) {
      lines.add(line(root, path, firstNames));
    }
    return lines;
  }

  private static String line(Path root, Path path, Map<Long, String> firstNames)
      throws IOException {
    FileStatus status = Entries.status(path);
    String name = "/" + root.relativize(path);
    String what =
        switch (status.type()) {
          case REGULAR -> "file " + status.size() + " " + digest(path);
          case LINK -> "link to " + Files.readSymbolicLink(path);
          case CHARACTER_DEVICE, BLOCK_DEVICE -> status.type() + " " + status.special();
          case DIRECTORY, PIPE, SOCKET -> status.type().toString();
        };
    String same = "";
    if (status.type() != FileType.DIRECTORY && status.links() > 1) {
      String first = firstNames.computeIfAbsent(status.inode(), inode -> name);
      same = " " + status.links() + " names, one is " + first;
    }
    return "%s %o %d:%d %s %s%s %s"
        .formatted(
            name,
            status.mode(),
            status.uid(),
            status.gid(),
            status.modified(),
            what,
            same,
            xattrs(path));
  }

  private static Map<String, String> xattrs(Path path) throws IOException {
    var sorted = new TreeMap<String, String>();
    for (String name : Xattrs.list(path)) {
      byte[] value = Xattrs.get(path, name).orElseThrow();
      sorted.put(name, HexFormat.of().formatHex(value));
    }
    return sorted;
  }

  private static String digest(Path path) throws IOException {
    MessageDigest sha256 = Sha256.begin();
    try (var in = Files.newInputStream(path)) {
      byte[] buffer = new byte[1 << 16];
      int n;
      while ((n = in.read(buffer)) > 0) {
        sha256.update(buffer, 0, n);
      }
    }
    return Sha256.finish(sha256).hex().substring(0, 16);
  }
}
