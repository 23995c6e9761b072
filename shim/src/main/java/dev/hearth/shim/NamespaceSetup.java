package dev.hearth.shim;

import dev.hearth.linux.Namespace;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The namespaces of a container. Those neither made nor joined are the shim's, which are the
 * daemon's.
 *
 * @param created new ones; the mount namespace always must be
 * @param joined existing ones, by the file they are pinned at
 * @param idMaps of the user namespace made or joined
 * @param hostName set in the UTS namespace
 * @param sysctls by their dotted name, set in the container's namespaces
 */
public record NamespaceSetup(
    Set<Namespace> created,
    Map<Namespace, Path> joined,
    Optional<IdMaps> idMaps,
    Optional<String> hostName,
    Map<String, String> sysctls) {
  public NamespaceSetup {
    if (!created.contains(Namespace.MOUNT)) {
      throw new IllegalArgumentException("a container needs a mount namespace of its own");
    }
    boolean ownUsers = created.contains(Namespace.USER) || joined.containsKey(Namespace.USER);
    if (ownUsers != idMaps.isPresent()) {
      throw new IllegalArgumentException("a user namespace and its id maps go together");
    }
    for (Namespace kind : joined.keySet()) {
      if (created.contains(kind)) {
        throw new IllegalArgumentException("namespace both made and joined: " + kind);
      }
    }
    created = Set.copyOf(created);
    joined = Map.copyOf(joined);
    sysctls = Map.copyOf(sysctls);
  }

  /** New ones of these kinds, besides the mount namespace. */
  public static NamespaceSetup creating(Namespace... kinds) {
    Set<Namespace> created = EnumSet.of(Namespace.MOUNT, kinds);
    return new NamespaceSetup(created, Map.of(), Optional.empty(), Optional.empty(), Map.of());
  }

  /** The same, joining one more. */
  public NamespaceSetup joining(Namespace kind, Path path) {
    Map<Namespace, Path> more = new EnumMap<>(Namespace.class);
    more.putAll(joined);
    more.put(kind, path);
    return new NamespaceSetup(created, more, idMaps, hostName, sysctls);
  }

  /** The same, one less made. */
  NamespaceSetup without(Namespace kind) {
    Set<Namespace> fewer = EnumSet.copyOf(created);
    fewer.remove(kind);
    return new NamespaceSetup(fewer, joined, idMaps, hostName, sysctls);
  }

  boolean isUserNamespaced() {
    return idMaps.isPresent();
  }

  /** Those an exec must enter: all that may differ from the daemon's. */
  Set<Namespace> entered() {
    Set<Namespace> all = EnumSet.copyOf(created);
    all.addAll(joined.keySet());
    all.remove(Namespace.PID); // the shim's children are born in it
    return all;
  }
}
