package dev.hearth.runtime.spec.seccomp;

import dev.hearth.runtime.spec.seccomp.Condition.Operator;
import dev.hearth.runtime.spec.seccomp.SeccompProfile.Rule;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The profile of containers that ask for none of their own: it means the same as the default of
 * containerd 2.1, so that what runs there runs here.
 */
public final class RuntimeDefault {
  private static final String ADMIN = "SYS_ADMIN";

  /** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. */
  private static final long NEW_NAMESPACES = 0x7E02_0000L;

  private static final long AF_VSOCK = 40;

  /** PER_LINUX and PER_LINUX32, each alone and with UNAME26; and the question what it is now. */
  private static final List<Long> PERSONALITIES =
      List.of(0L, 8L, 0x2_0000L, 0x2_0008L, 0xFFFF_FFFFL);

  private static final Set<String> LOOKED_AT = Set.of("clone", "clone3", "personality", "socket");

  private final Syscalls syscalls;
  private final List<String> refused;

  public RuntimeDefault(Syscalls syscalls) {
    this.syscalls = syscalls;
    this.refused = Syscalls.lines("refused.txt");
  }

  /**
   * The profile for a process with these capabilities in its bounding set.
   *
   * @param capabilities names without CAP_
   */
  public SeccompProfile profile(Set<String> capabilities) {
    List<Rule> rules = new ArrayList<>();
    rules.add(new Rule(allowed(capabilities), Action.ALLOW, List.of()));
    for (long personality : PERSONALITIES) {
      rules.add(when("personality", new Condition(0, Operator.EQUAL, personality, 0)));
    }
    // Sockets to the hypervisor are outside every network namespace.
    rules.add(when("socket", new Condition(0, Operator.NOT_EQUAL, AF_VSOCK, 0)));
    if (capabilities.contains(ADMIN)) {
      rules.add(new Rule(List.of("clone", "clone3"), Action.ALLOW, List.of()));
    } else {
      rules.add(when("clone", new Condition(0, Operator.MASKED_EQUAL, NEW_NAMESPACES, 0)));
      // Its flags are in memory, out of a filter's sight: send callers back to clone.
      rules.add(new Rule(List.of("clone3"), Action.errno(Action.ENOSYS), List.of()));
    }
    Set<Abi> guests = EnumSet.of(Abi.X86, Abi.X32, Abi.ARM);
    return new SeccompProfile(Action.errno(Action.EPERM), guests, rules, SeccompProfile.SPEC_ALLOW);
  }

  private static Rule when(String name, Condition condition) {
    return new Rule(List.of(name), Action.ALLOW, List.of(condition));
  }

  private List<String> allowed(Set<String> capabilities) {
    Set<String> names = new HashSet<>();
    for (Abi abi : Abi.values()) {
      names.addAll(syscalls.names(abi));
    }
    names.removeAll(LOOKED_AT);
    for (String line : refused) {
      List<String> halves = List.of(line.split(":", -1));
      boolean lifted =
          halves.size() > 1 && words(halves.get(1)).stream().anyMatch(capabilities::contains);
      if (!lifted) {
        words(halves.getFirst()).forEach(names::remove);
      }
    }
    return names.stream().sorted().toList();
  }

  private static List<String> words(String text) {
    return List.of(text.strip().split(" +", -1));
  }
}
