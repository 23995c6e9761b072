package dev.hearth.runtime.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Something of the host that appears inside a container (CRI Mount).
 *
 * @param hostPath absolute; empty only when an image is mounted
 * @param image reference or id of an image mounted read-only instead of a host path; empty for none
 * @param imageSubPath path inside that image; may be empty
 * @param options further mount options, as mount(8) names them
 */
public record MountSpec(
    String containerPath,
    String hostPath,
    boolean readonly,
    boolean recursiveReadonly,
    boolean selinuxRelabel,
    Propagation propagation,
    Optional<UserNamespace> idMappings,
    String image,
    String imageSubPath,
    List<String> options) {

  /** How mounts made later travel (mount_namespaces(7)). */
  public enum Propagation {
    PRIVATE,
    HOST_TO_CONTAINER,
    BIDIRECTIONAL
  }

  public MountSpec {
    options = List.copyOf(options);
    Checks.noNul("mount path", containerPath);
    if (containerPath.isEmpty()) {
      throw new HearthException.InvalidRequest("a mount has no container path");
    }
    Checks.noNul("image path", imageSubPath);
    if (image.isEmpty()) {
      Checks.absolute("mount source", hostPath);
      if (!imageSubPath.isEmpty()) {
        throw new HearthException.InvalidRequest(
            "mount " + containerPath + " names a path in an image, and no image");
      }
    } else if (!readonly || propagation != Propagation.PRIVATE || !hostPath.isEmpty()) {
      throw new HearthException.InvalidRequest(
          "a mount of an image must be read-only and private, and have no host path: "
              + containerPath);
    }
    if (recursiveReadonly && (!readonly || propagation != Propagation.PRIVATE)) {
      throw new HearthException.InvalidRequest(
          "a recursively read-only mount must be read-only and private: " + containerPath);
    }
  }

  /**
   * A bind mount whose manner is in its options, as the OCI runtime specification has it.
   *
   * @throws HearthException.InvalidRequest for paths that are none
   */
  public static MountSpec bind(String containerPath, String hostPath, List<String> options) {
    boolean readOnly = false;
    boolean recursive = false;
    Propagation propagation = Propagation.PRIVATE;
    List<String> others = new ArrayList<>();
    for (String option : options) {
      switch (option) {
        case "bind", "rbind", "private", "rprivate", "rw" -> {}
        case "ro" -> readOnly = true;
        case "rro" -> {
          readOnly = true;
          recursive = true;
        }
        case "slave", "rslave" -> propagation = Propagation.HOST_TO_CONTAINER;
        case "shared", "rshared" -> propagation = Propagation.BIDIRECTIONAL;
        default -> others.add(option);
      }
    }
    return new MountSpec(
        containerPath,
        hostPath,
        readOnly,
        recursive,
        false,
        propagation,
        Optional.empty(),
        "",
        "",
        others);
  }

  /** The same with the ids that its files have in a user namespace. */
  public MountSpec with(UserNamespace ids) {
    return new MountSpec(
        containerPath,
        hostPath,
        readonly,
        recursiveReadonly,
        selinuxRelabel,
        propagation,
        Optional.of(ids),
        image,
        imageSubPath,
        options);
  }
}
