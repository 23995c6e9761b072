package dev.hearth.runtime.spec;

import dev.hearth.runtime.spec.seccomp.Abi;
import java.util.Optional;

/**
 * What plans depend on and does not change while the daemon runs.
 *
 * @param kernelRelease as uname(2) has it
 * @param hostName for pods that have none of their own
 * @param boundingCapabilities CapBnd of the daemon (proc_pid_status(5)): nobody can have more
 * @param unifiedCgroups whether all controllers are on cgroup v2
 * @param appArmor whether this kernel runs it
 * @param appArmorDefault the loaded profile of containers that ask for the runtime's default
 * @param seLinux whether this kernel runs it
 */
public record NodeFacts(
    Abi abi,
    String kernelRelease,
    String hostName,
    long boundingCapabilities,
    boolean unifiedCgroups,
    boolean appArmor,
    Optional<String> appArmorDefault,
    boolean seLinux) {}
