package dev.hearth.runtime.spec.seccomp;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * Which system calls a process may make. The first rule whose conditions all hold decides, those
 * with conditions before those without; where none does, the fallback.
 *
 * @param guests ABIs beside the native one whose calls are looked at rather than fatal
 * @param flags SECCOMP_FILTER_FLAG_* for seccomp(2)
 */
public record SeccompProfile(Action fallback, Set<Abi> guests, List<Rule> rules, int flags) {
  /**
   * SECCOMP_FILTER_FLAG_SPEC_ALLOW: a filter alone is no reason to switch speculation off, which
   * kernels before 5.16 would otherwise do at a great cost.
   */
  static final int SPEC_ALLOW = 4;

  /** What happens to some calls under some conditions, all of which must hold. */
  record Rule(List<String> names, Action action, List<Condition> conditions) {
    Rule {
      names = List.copyOf(names);
      conditions = List.copyOf(conditions);
    }
  }

  public SeccompProfile {
    Set<Abi> copy = EnumSet.noneOf(Abi.class);
    copy.addAll(guests);
    guests = Set.copyOf(copy);
    rules = List.copyOf(rules);
  }
}
