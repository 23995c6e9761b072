package dev.hearth.runtime.nri;

import dev.hearth.proto.nri.v1alpha1.Mount;
import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.model.MountSpec;
import java.util.List;

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
    return MountSpec.bind(wish.getDestination(), wish.getSource(), options);
  }
}
