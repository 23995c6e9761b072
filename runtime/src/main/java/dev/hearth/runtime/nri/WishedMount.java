package dev.hearth.runtime.nri;

import dev.hearth.proto.nri.v1alpha1.Mount;
import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.model.MountSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A mount in the words of the OCI runtime specification as one of a request's. */
final class WishedMount {
  private WishedMount() {}

  /**
   * @param plugin that wants it, for messages
   */
  static MountSpec of(Mount wish, String plugin) {
    List<String> options = wish.getOptionsList();
    if (!wish.getType().equals("bind") && !options.contains("bind") && !options.contains("rbind")) {
      throw new HearthException.Unsupported(
          "plugin "
              + plugin
              + " wants a mount of type '"
              + wish.getType()
              + "' at "
              + wish.getDestination()
              + ": Hearth adds only bind mounts");
    }
    boolean readOnly = false;
    boolean recursive = false;
    MountSpec.Propagation propagation = MountSpec.Propagation.PRIVATE;
    List<String> others = new ArrayList<>();
    for (String option : options) {
      switch (option) {
        case "bind", "rbind", "private", "rprivate", "rw" -> {}
        case "ro" -> readOnly = true;
        case "rro" -> {
          readOnly = true;
          recursive = true;
        }
        case "slave", "rslave" -> propagation = MountSpec.Propagation.HOST_TO_CONTAINER;
        case "shared", "rshared" -> propagation = MountSpec.Propagation.BIDIRECTIONAL;
        default -> others.add(option);
      }
    }
    return new MountSpec(
        wish.getDestination(),
        wish.getSource(),
        readOnly,
        recursive,
        false,
        propagation,
        Optional.empty(),
        "",
        "",
        others);
  }
}
