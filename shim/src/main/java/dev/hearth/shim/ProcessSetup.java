package dev.hearth.shim;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What a process is given and loses before it becomes its program. The order is the shim's affair.
 *
 * @param groups supplementary groups, all of them
 * @param noNewPrivileges whether exec may never grant privileges again
 * @param seccomp without noNewPrivileges it is in force already while the user is changed
 * @param limits one that cannot be set is a warning
 * @param workingDirectory by a launch made, as root's, where absent; an exec needs it to be there
 * @param oomScoreAdjustment -1000 to 1000; one that cannot be set is a warning
 * @param label what the exec is to be labelled with
 */
public record ProcessSetup(
    int uid,
    int gid,
    List<Integer> groups,
    CapabilitySets capabilities,
    boolean noNewPrivileges,
    Optional<SeccompFilter> seccomp,
    List<ResourceLimit> limits,
    int umask,
    String workingDirectory,
    OptionalInt oomScoreAdjustment,
    Optional<ExecLabel> label,
    Body body) {
  /** 022. */
  public static final int DEFAULT_UMASK = 0x12;

  public ProcessSetup {
    ContainerPaths.check(workingDirectory);
    groups = List.copyOf(groups);
    limits = List.copyOf(limits);
  }

  /** Root with no capability at all and everything else at rest; to be changed by the withers. */
  public static ProcessSetup of(Body body) {
    return new ProcessSetup(
        0,
        0,
        List.of(),
        CapabilitySets.NONE,
        true,
        Optional.empty(),
        List.of(),
        DEFAULT_UMASK,
        "/",
        OptionalInt.empty(),
        Optional.empty(),
        body);
  }

  /** The same for another user. */
  public ProcessSetup withUser(int newUid, int newGid, List<Integer> newGroups) {
    return new ProcessSetup(
        newUid,
        newGid,
        newGroups,
        capabilities,
        noNewPrivileges,
        seccomp,
        limits,
        umask,
        workingDirectory,
        oomScoreAdjustment,
        label,
        body);
  }

  /** The same with other capabilities. */
  public ProcessSetup withCapabilities(CapabilitySets sets) {
    return new ProcessSetup(
        uid,
        gid,
        groups,
        sets,
        noNewPrivileges,
        seccomp,
        limits,
        umask,
        workingDirectory,
        oomScoreAdjustment,
        label,
        body);
  }

  /** The same with or without no_new_privs, and with a filter of system calls or none. */
  public ProcessSetup withConfinement(boolean noNewPrivs, Optional<SeccompFilter> filter) {
    return new ProcessSetup(
        uid,
        gid,
        groups,
        capabilities,
        noNewPrivs,
        filter,
        limits,
        umask,
        workingDirectory,
        oomScoreAdjustment,
        label,
        body);
  }

  /** The same with limits and an OOM score. */
  public ProcessSetup withLimits(List<ResourceLimit> resourceLimits, OptionalInt oomScore) {
    return new ProcessSetup(
        uid,
        gid,
        groups,
        capabilities,
        noNewPrivileges,
        seccomp,
        resourceLimits,
        umask,
        workingDirectory,
        oomScore,
        label,
        body);
  }

  /** The same in another working directory. */
  public ProcessSetup withWorkingDirectory(String path) {
    return new ProcessSetup(
        uid,
        gid,
        groups,
        capabilities,
        noNewPrivileges,
        seccomp,
        limits,
        umask,
        path,
        oomScoreAdjustment,
        label,
        body);
  }

  /** The same with a label of a security module. */
  public ProcessSetup withLabel(ExecLabel execLabel) {
    return new ProcessSetup(
        uid,
        gid,
        groups,
        capabilities,
        noNewPrivileges,
        seccomp,
        limits,
        umask,
        workingDirectory,
        oomScoreAdjustment,
        Optional.of(execLabel),
        body);
  }

  /** The same with another program. */
  public ProcessSetup withBody(Body newBody) {
    return new ProcessSetup(
        uid,
        gid,
        groups,
        capabilities,
        noNewPrivileges,
        seccomp,
        limits,
        umask,
        workingDirectory,
        oomScoreAdjustment,
        label,
        newBody);
  }
}
