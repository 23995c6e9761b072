package dev.hearth.runtime.snapshot;

import dev.hearth.linux.Entries;
import dev.hearth.linux.Errno;
import dev.hearth.linux.Fd;
import dev.hearth.linux.FileStatus;
import dev.hearth.linux.LinuxException;
import dev.hearth.linux.OpenFlag;
import dev.hearth.linux.Opens;
import dev.hearth.linux.Xattrs;
import dev.hearth.runtime.model.Digest;
import dev.hearth.runtime.model.UserNamespace;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Corrects directories that a layer has only because something lies in them. An archive need not
 * have an entry for {@code tmp} to have one for {@code tmp/x}; unpacked onto the layers below, as
 * the peers do, the directory keeps their owner and mode. Here layers are unpacked each for itself,
 * and in the overlay the upper directory's owner and mode count: root's and 0755. So where a layer
 * below has such a directory otherwise, the container's own upper directory gets it as it should
 * be.
 *
 * <p>That is rare, and known of a list of layers once it was looked for. Thread-safe; the lock
 * guards {@link #known}.
 */
final class ImpliedDirectories {
  private static final int KNOWN_MAX = 256;
  private static final Set<OpenFlag> DIRECTORY =
      Set.of(OpenFlag.READ_ONLY, OpenFlag.DIRECTORY, OpenFlag.NO_FOLLOW);

  /** A directory as it should be, parents before children; the root is "". */
  private record Correction(String path, FileStatus status, Map<String, byte[]> xattrs) {}

  private final ReentrantLock lock = new ReentrantLock();
  private final Map<List<Digest>, List<Correction>> known =
      new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<List<Digest>, List<Correction>> eldest) {
          return size() > KNOWN_MAX;
        }
      };

  /**
   * Gives a new upper directory the attributes of the image's root, and what else needs correction.
   *
   * @param stack the topmost first
   * @param roots of these layers
   * @param users through whose eyes the directory will be seen, if not the node's
   */
  void apply(List<Layer> stack, List<Fd> roots, Path upper, Optional<UserNamespace> users)
      throws IOException {
    List<Digest> key = stack.stream().map(Layer::diffId).toList();
    List<Correction> corrections;
    lock.lock();
    try {
      corrections = known.get(key);
    } finally {
      lock.unlock();
    }
    if (corrections == null) {
      corrections = new Search(stack, roots).run();
      lock.lock();
      try {
        known.put(key, corrections);
      } finally {
        lock.unlock();
      }
    }
    try (Fd root = Opens.open(upper, DIRECTORY)) {
      for (Correction correction : corrections) {
        correct(root, correction, users);
      }
    }
  }

  private static void correct(Fd root, Correction correction, Optional<UserNamespace> users)
      throws IOException {
    String path = correction.path();
    if (!path.isEmpty()) {
      Entries.makeDirectory(root, path, 0700);
    }
    FileStatus status = correction.status();
    try (Fd directory = path.isEmpty() ? null : Opens.openAt(root, path, DIRECTORY, 0)) {
      Fd target = directory == null ? root : directory;
      own(target, status, users);
      Entries.setMode(target, status.mode());
      for (Map.Entry<String, byte[]> xattr : correction.xattrs().entrySet()) {
        Xattrs.set(target, xattr.getKey(), xattr.getValue());
      }
      Entries.setModified(target, status.modified());
    }
  }

  /** Who is nobody in the user namespace becomes the node's root, which is nobody there either. */
  private static void own(Fd target, FileStatus status, Optional<UserNamespace> users)
      throws LinuxException {
    int uid = status.uid();
    int gid = status.gid();
    if (users.isPresent()) {
      uid = (int) users.get().hostUid(Integer.toUnsignedLong(uid)).orElse(0);
      gid = (int) users.get().hostGid(Integer.toUnsignedLong(gid)).orElse(0);
    }
    Entries.setOwner(target, uid, gid);
  }

  /** Looks through one stack of layers. */
  private static final class Search {
    private final List<Layer> stack;
    private final List<Fd> roots;
    private final List<Set<RawBytes>> implied = new ArrayList<>();

    private final Set<RawBytes> seen = new HashSet<>();

    Search(List<Layer> stack, List<Fd> roots) {
      this.stack = stack;
      this.roots = roots;
    }

    List<Correction> run() throws IOException {
      for (Layer layer : stack) {
        implied.add(
            layer.implies()
                ? new HashSet<>(LayerRecord.read(layer.recordFile()).implied())
                : Set.of());
      }
      var result = new LinkedHashMap<RawBytes, Correction>();
      result.put(RawBytes.EMPTY, effective(RawBytes.EMPTY).orElseThrow().correction());
      for (int i = 0; i < stack.size() - 1; i++) {
        for (RawBytes path : new TreeSet<>(implied.get(i))) {
          if (seen.add(path)) {
            addWithParents(path, result);
          }
        }
      }
      return List.copyOf(result.values());
    }

    private void addWithParents(RawBytes path, Map<RawBytes, Correction> result)
        throws IOException {
      Optional<Effective> found = effective(path);
      if (found.isEmpty() || !found.get().hidden() || found.get().isPlain()) {
        return;
      }
      for (int i = 0; i < path.length(); i++) {
        if (path.at(i) == '/') {
          RawBytes parent = path.slice(0, i);
          if (!result.containsKey(parent)) {
            result.put(parent, effective(parent).orElseThrow().correction());
          }
        }
      }
      result.put(path, found.get().correction());
    }

    /**
     * The directory that says how this one is.
     *
     * @return empty when the merged tree has no directory there
     */
    private Optional<Effective> effective(RawBytes path) throws IOException {
      Effective first = null;
      for (int i = 0; i < stack.size(); i++) {
        Found found = look(roots.get(i), path);
        if (found.directory() != null) {
          var here = new Effective(found.directory(), first != null);
          if (!implied.get(i).contains(path)) {
            return Optional.of(here);
          }
          first = first == null ? here : first;
        }
        if (found.end()) {
          break;
        }
      }
      return Optional.ofNullable(first);
    }

    /** Goes down by single names: whatever hides the layers below on the way ends the search. */
    private Found look(Fd root, RawBytes path) throws IOException {
      Fd at = root;
      boolean opaque = false;
      int start = 0;
      try {
        while (start < path.length()) {
          int end = start;
          while (end < path.length() && path.at(end) != '/') {
            end++;
          }
          Fd next = Opens.openAt(at, path.slice(start, end).text(), DIRECTORY, 0);
          if (at != root) {
            at.close();
          }
          at = next;
          opaque |= Xattrs.get(at, XattrBlock.OPAQUE.name().text()).isPresent();
          start = end + 1;
        }
        return new Found(correction(at, path), opaque);
      } catch (LinuxException e) {
        if (e.is(Errno.ENOENT)) {
          return new Found(null, opaque);
        }
        if (e.isAnyOf(Errno.ENOTDIR, Errno.ELOOP)) {
          return new Found(null, true);
        }
        throw e;
      } finally {
        if (at != root) {
          at.close();
        }
      }
    }

    private static Correction correction(Fd directory, RawBytes path) throws IOException {
      var xattrs = new TreeMap<String, byte[]>();
      try (Fd readable = Opens.openAt(directory, ".", DIRECTORY, 0)) {
        for (String name : Xattrs.list(readable)) {
          if (!name.startsWith("trusted.overlay.")) {
            Xattrs.get(readable, name).ifPresent(value -> xattrs.put(name, value));
          }
        }
        return new Correction(path.text(), Entries.status(readable), Map.copyOf(xattrs));
      }
    }
  }

  /**
   * What one layer has at a path.
   *
   * @param end whether layers below do not show through
   */
  private record Found(@Nullable Correction directory, boolean end) {}

  /**
   * The directory that says how the merged one is.
   *
   * @param hidden whether an implied one lies above it
   */
  private record Effective(Correction correction, boolean hidden) {
    /** As an implied directory is anyway. */
    boolean isPlain() {
      FileStatus s = correction.status();
      return s.uid() == 0 && s.gid() == 0 && s.mode() == 0755 && correction.xattrs().isEmpty();
    }
  }
}
