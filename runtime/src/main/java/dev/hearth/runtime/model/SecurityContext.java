package dev.hearth.runtime.model;

import java.util.List;
import java.util.Optional;

/**
 * Who a container's process is and what it may do (CRI LinuxContainerSecurityContext).
 *
 * @param addCapabilities names without CAP_ in any case, or ALL
 * @param runAsUsername looked up in the image's /etc/passwd; empty when {@code runAsUser} or the
 *     image decides
 * @param apparmor absent for the node's default, which may be none
 * @param maskedPaths hidden from the container; the kubelet sends the usual ones
 */
public record SecurityContext(
    List<String> addCapabilities,
    List<String> dropCapabilities,
    List<String> ambientCapabilities,
    boolean privileged,
    NamespaceOptions namespaces,
    SelinuxLabel selinux,
    Optional<Long> runAsUser,
    Optional<Long> runAsGroup,
    String runAsUsername,
    boolean readonlyRootfs,
    List<Long> supplementalGroups,
    GroupsPolicy groupsPolicy,
    boolean noNewPrivs,
    List<String> maskedPaths,
    List<String> readonlyPaths,
    SecurityProfile seccomp,
    Optional<SecurityProfile> apparmor) {

  /** Whether groups that the image defines for the user count too. */
  public enum GroupsPolicy {
    MERGE,
    STRICT
  }

  public SecurityContext {
    addCapabilities = List.copyOf(addCapabilities);
    dropCapabilities = List.copyOf(dropCapabilities);
    ambientCapabilities = List.copyOf(ambientCapabilities);
    supplementalGroups = List.copyOf(supplementalGroups);
    maskedPaths = List.copyOf(maskedPaths);
    readonlyPaths = List.copyOf(readonlyPaths);
    runAsUser.ifPresent(id -> id("run_as_user", id));
    runAsGroup.ifPresent(id -> id("run_as_group", id));
    supplementalGroups.forEach(id -> id("supplemental group", id));
    Checks.text("run_as_username", runAsUsername);
    maskedPaths.forEach(path -> Checks.absolute("masked path", path));
    readonlyPaths.forEach(path -> Checks.absolute("read-only path", path));
    if (runAsGroup.isPresent() && runAsUser.isEmpty() && runAsUsername.isEmpty()) {
      throw new HearthException.InvalidRequest(
          "run_as_group is given without run_as_user or run_as_username");
    }
  }

  private static void id(String field, long id) {
    // 2^32-1 means "no change" to setuid and friends, so it is no id.
    if (id < 0 || id >= 0xFFFF_FFFFL) {
      throw new HearthException.InvalidRequest(field + " is out of range: " + id);
    }
  }

  /** The same in a user namespace. */
  SecurityContext with(UserNamespace users) {
    return new SecurityContext(
        addCapabilities,
        dropCapabilities,
        ambientCapabilities,
        privileged,
        namespaces.with(users),
        selinux,
        runAsUser,
        runAsGroup,
        runAsUsername,
        readonlyRootfs,
        supplementalGroups,
        groupsPolicy,
        noNewPrivs,
        maskedPaths,
        readonlyPaths,
        seccomp,
        apparmor);
  }
}
