package dev.hearth.runtime.cdi;

import dev.hearth.runtime.model.EnvironmentVariable;
import dev.hearth.runtime.model.MountSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * What a device changes in a container that gets it (CDI's containerEdits), in order.
 *
 * @param groups that the container's process belongs to as well
 * @param impossible what else is wanted and Hearth does not do, in words for a message
 */
public record Edits(
    List<EnvironmentVariable> environment,
    List<Node> nodes,
    List<MountSpec> mounts,
    List<Long> groups,
    List<String> impossible) {
  static final Edits NONE = new Edits(List.of(), List.of(), List.of(), List.of(), List.of());

  /** Kinds of device files. */
  public enum Kind {
    /** What it is on the node. */
    ANY,
    BLOCK,
    CHARACTER
  }

  /**
   * A device file. What is not said is as on the node.
   *
   * @param path in the container
   * @param hostPath on the node
   * @param major 0 where it is not said, and neither is the minor then
   * @param access of the letters r, w and m (mknod); may be empty
   * @param permissions of the file, as chmod(2) has them
   */
  public record Node(
      String path,
      String hostPath,
      Kind kind,
      int major,
      int minor,
      String access,
      OptionalInt permissions,
      OptionalLong uid,
      OptionalLong gid) {
    /** Whether the node need not be asked what device this is. */
    public boolean complete() {
      return kind != Kind.ANY && major != 0;
    }
  }

  public Edits {
    environment = List.copyOf(environment);
    nodes = List.copyOf(nodes);
    mounts = List.copyOf(mounts);
    groups = List.copyOf(groups);
    impossible = List.copyOf(impossible);
  }

  Edits and(Edits more) {
    return new Edits(
        both(environment, more.environment),
        both(nodes, more.nodes),
        both(mounts, more.mounts),
        both(groups, more.groups),
        both(impossible, more.impossible));
  }

  private static <T> List<T> both(List<T> some, List<T> more) {
    List<T> all = new ArrayList<>(some);
    all.addAll(more);
    return all;
  }
}
