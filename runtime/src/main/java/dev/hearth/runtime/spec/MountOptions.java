package dev.hearth.runtime.spec;

import dev.hearth.linux.MountAttribute;
import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.model.MountSpec;
import dev.hearth.shim.MountChange;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Further options of a request's mount, by the names of mount(8). */
final class MountOptions {
  private static final String RECURSIVE = "r";

  private MountOptions() {}

  /**
   * @throws HearthException.InvalidRequest for an option that is none of a bind mount's
   */
  static List<MountChange> changes(MountSpec mount) {
    List<MountChange> changes = new ArrayList<>();
    for (String option : mount.options()) {
      if (option.equals("bind") || option.equals("rbind") || option.equals("defaults")) {
        continue;
      }
      changes.add(
          change(option, false)
              .or(() ->
                  option.startsWith(RECURSIVE)
                      ? change(option.substring(RECURSIVE.length()), true)
                      : Optional.empty())
              .orElseThrow(() ->
                  new HearthException.InvalidRequest(
                      "mount " + mount.containerPath() + ": unknown option " + option)));
    }
    return changes;
  }

  private static Optional<MountChange> change(String option, boolean recursive) {
    return switch (option) {
      case "ro" -> set(recursive, MountAttribute.READ_ONLY);
      case "rw" -> clear(recursive, MountAttribute.READ_ONLY);
      case "nosuid" -> set(recursive, MountAttribute.NO_SUID);
      case "suid" -> clear(recursive, MountAttribute.NO_SUID);
      case "nodev" -> set(recursive, MountAttribute.NO_DEVICES);
      case "dev" -> clear(recursive, MountAttribute.NO_DEVICES);
      case "noexec" -> set(recursive, MountAttribute.NO_EXEC);
      case "exec" -> clear(recursive, MountAttribute.NO_EXEC);
      case "noatime" -> set(recursive, MountAttribute.NO_ACCESS_TIME);
      case "strictatime" -> set(recursive, MountAttribute.STRICT_ACCESS_TIME);
      case "nodiratime" -> set(recursive, MountAttribute.NO_DIRECTORY_ACCESS_TIME);
      case "nosymfollow" -> set(recursive, MountAttribute.NO_FOLLOW_LINKS);
      default -> Optional.empty();
    };
  }

  private static Optional<MountChange> set(boolean recursive, MountAttribute attribute) {
    return Optional.of(MountChange.setting(recursive, EnumSet.of(attribute)));
  }

  private static Optional<MountChange> clear(boolean recursive, MountAttribute attribute) {
    return Optional.of(
        new MountChange(recursive, Set.of(), EnumSet.of(attribute), Optional.empty(), false));
  }
}
