package dev.hearth.runtime.cgroup;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The groups whose figures were asked for of late. An open file keeps its group in the kernel's
 * memory, so a group is forgotten when it is removed, and the one not asked for longest when there
 * are too many. Thread-safe.
 */
final class OpenGroups {
  /** Times about ten descriptors each. */
  static final int MAX = 512;

  private final CgroupFiles files;
  private final Layout layout;

  /** Least recently used first; guarded by itself. */
  private final Map<CgroupPath, GroupFigures> groups = new LinkedHashMap<>(16, 0.75f, true);

  OpenGroups(CgroupFiles files, Layout layout) {
    this.files = files;
    this.layout = layout;
  }

  GroupFigures figures(CgroupPath group) {
    synchronized (groups) {
      GroupFigures figures =
          groups.computeIfAbsent(group, path -> new GroupFigures(files, layout, path));
      if (groups.size() > MAX) {
        var oldest = groups.entrySet().iterator();
        oldest.next().getValue().close();
        oldest.remove();
      }
      return figures;
    }
  }

  /** Closes what is open of a group and of those below. */
  void forget(CgroupPath group) {
    List<GroupFigures> gone = new ArrayList<>();
    synchronized (groups) {
      groups
          .entrySet()
          .removeIf(entry -> entry.getKey().isAtOrBelow(group) && gone.add(entry.getValue()));
    }
    gone.forEach(GroupFigures::close);
  }
}
