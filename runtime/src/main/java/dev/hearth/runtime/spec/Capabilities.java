package dev.hearth.runtime.spec;

import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.model.SecurityContext;
import dev.hearth.shim.CapabilitySets;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Capabilities by name and by bit (capabilities(7), linux/capability.h). */
public final class Capabilities {
  /** In the order of their numbers, without CAP_. */
  private static final List<String> NAMES =
      List.of(
          "CHOWN",
          "DAC_OVERRIDE",
          "DAC_READ_SEARCH",
          "FOWNER",
          "FSETID",
          "KILL",
          "SETGID",
          "SETUID",
          "SETPCAP",
          "LINUX_IMMUTABLE",
          "NET_BIND_SERVICE",
          "NET_BROADCAST",
          "NET_ADMIN",
          "NET_RAW",
          "IPC_LOCK",
          "IPC_OWNER",
          "SYS_MODULE",
          "SYS_RAWIO",
          "SYS_CHROOT",
          "SYS_PTRACE",
          "SYS_PACCT",
          "SYS_ADMIN",
          "SYS_BOOT",
          "SYS_NICE",
          "SYS_RESOURCE",
          "SYS_TIME",
          "SYS_TTY_CONFIG",
          "MKNOD",
          "LEASE",
          "AUDIT_WRITE",
          "AUDIT_CONTROL",
          "SETFCAP",
          "MAC_OVERRIDE",
          "MAC_ADMIN",
          "SYSLOG",
          "WAKE_ALARM",
          "BLOCK_SUSPEND",
          "AUDIT_READ",
          "PERFMON",
          "BPF",
          "CHECKPOINT_RESTORE");

  private static final String ALL = "ALL";
  private static final String PREFIX = "CAP_";

  /** What a container has that asks for nothing: the peers' set since Docker's first days. */
  static final long DEFAULT =
      mask(
          "CHOWN",
          "DAC_OVERRIDE",
          "FSETID",
          "FOWNER",
          "MKNOD",
          "NET_RAW",
          "SETGID",
          "SETUID",
          "SETFCAP",
          "SETPCAP",
          "NET_BIND_SERVICE",
          "SYS_CHROOT",
          "KILL",
          "AUDIT_WRITE");

  private Capabilities() {}

  private static long mask(String... names) {
    return mask(List.of(names));
  }

  private static long mask(List<String> names) {
    long mask = 0;
    for (String name : names) {
      mask |= 1L << NAMES.indexOf(name);
    }
    return mask;
  }

  /** The names of these bits, without CAP_; bits this release does not know are left out. */
  static Set<String> names(long mask) {
    Set<String> names = new LinkedHashSet<>();
    for (int i = 0; i < NAMES.size(); i++) {
      if ((mask & (1L << i)) != 0) {
        names.add(NAMES.get(i));
      }
    }
    return names;
  }

  /**
   * What a container's process gets. As with the peers: ALL added, then ALL dropped, then single
   * ones added, then single ones dropped. What the node itself lacks cannot be had.
   *
   * @param bounding the daemon's own bounding set
   * @throws HearthException.InvalidRequest for a name that is no capability
   */
  static CapabilitySets sets(SecurityContext security, long bounding) {
    if (security.privileged()) {
      return CapabilitySets.of(bounding);
    }
    long mask = DEFAULT;
    if (hasAll(security.addCapabilities())) {
      mask = bounding;
    }
    if (hasAll(security.dropCapabilities())) {
      mask = 0;
    }
    mask |= parse(security.addCapabilities());
    mask &= ~parse(security.dropCapabilities());
    long ambient = parse(security.ambientCapabilities()) & bounding;
    if (hasAll(security.ambientCapabilities())) {
      ambient = mask & bounding;
    }
    mask = (mask & bounding) | ambient;
    // Inheritable is otherwise empty: files with inheritable capabilities would hand them to any
    // user of the container. Ambient ones must be inheritable.
    return new CapabilitySets(mask, mask, mask, ambient, ambient);
  }

  private static boolean hasAll(List<String> names) {
    return names.stream().anyMatch(name -> name.equalsIgnoreCase(ALL));
  }

  private static long parse(List<String> names) {
    long mask = 0;
    for (String given : names) {
      String name = given.toUpperCase(Locale.ROOT);
      name = name.startsWith(PREFIX) ? name.substring(PREFIX.length()) : name;
      if (name.equals(ALL)) {
        continue;
      }
      int bit = NAMES.indexOf(name);
      if (bit < 0) {
        throw new HearthException.InvalidRequest("no such capability: " + given);
      }
      mask |= 1L << bit;
    }
    return mask;
  }
}
