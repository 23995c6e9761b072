package dev.hearth.runtime.spec.seccomp;

import static dev.hearth.runtime.spec.seccomp.Instruction.JUMP_EQUAL;
import static dev.hearth.runtime.spec.seccomp.Instruction.JUMP_GREATER_OR_EQUAL;

import dev.hearth.runtime.spec.seccomp.SeccompProfile.Rule;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Turns a profile into the program seccomp(2) takes: struct sock_filter[], each as a little-endian
 * number.
 *
 * <p>A call's number is found by binary search over ranges of numbers that fare alike. The kernel
 * runs a new filter once for every call there is, to remember which it allows outright; with a list
 * in place of the tree that takes ten times as long, at each start of a container. A program of an
 * ABI that the profile does not know is killed: its numbers mean other calls.
 */
public final class SeccompCompiler {
  private static final int NUMBER = 0;
  private static final int ARCHITECTURE = 4;

  /** BPF_MAXINSNS. */
  private static final int MAX_INSTRUCTIONS = 4096;

  /** __ARM_NR_BASE: where 32-bit ARM has a few calls of its own, far above all others. */
  private static final int ARM_PRIVATE = 0xF_0000;

  /** What happens to one call: conditional rules in order, then an unconditional end. */
  private record Verdict(List<Rule> rules, Action end) {}

  /** A verdict on all numbers from this one to the next range's. */
  private record Range(int from, Verdict verdict) {}

  private final Syscalls syscalls;

  public SeccompCompiler(Syscalls syscalls) {
    this.syscalls = syscalls;
  }

  /**
   * @throws IllegalArgumentException if the program is longer than the kernel takes
   */
  public List<Long> compile(SeccompProfile profile, Abi own) {
    ProgramBuilder program = new ProgramBuilder();
    List<Abi> abis = new ArrayList<>(List.of(own));
    own.guests().stream()
        .filter(abi -> abi != Abi.X32 && profile.guests().contains(abi))
        .forEach(abis::add);
    int next = program.answer(Action.KILL_PROCESS);
    for (Abi abi : abis.reversed()) {
      search(program, profile, abi);
      int found = program.prepend(Instruction.load(NUMBER));
      next = program.branch(JUMP_EQUAL, abi.auditArch(), found, next);
    }
    program.toTop(next);
    program.prepend(Instruction.load(ARCHITECTURE));
    return numbers(program.program());
  }

  private static List<Long> numbers(List<Instruction> program) {
    if (program.size() > MAX_INSTRUCTIONS) {
      throw new IllegalArgumentException(
          "the seccomp program takes "
              + program.size()
              + " instructions; "
              + MAX_INSTRUCTIONS
              + " are allowed");
    }
    return program.stream().map(Instruction::number).toList();
  }

  /** Code at the top that decides by the number in the accumulator. */
  private void search(ProgramBuilder program, SeccompProfile profile, Abi abi) {
    Map<Verdict, Integer> places = new HashMap<>();
    int root = program.toTop(search(program, ranges(profile, abi), places));
    if (abi == Abi.X86_64) {
      // x32 has the numbers of x86_64, and a few of its own far above.
      int masked =
          profile.guests().contains(Abi.X32)
              ? program.prepend(Instruction.and(~Abi.X32_BIT))
              : program.answer(Action.KILL_PROCESS);
      program.branch(JUMP_GREATER_OR_EQUAL, Abi.X32_BIT, masked, root);
    }
  }

  private static int search(
      ProgramBuilder program, List<Range> ranges, Map<Verdict, Integer> places) {
    if (ranges.size() == 1) {
      Verdict verdict = ranges.getFirst().verdict;
      return verdict.rules.isEmpty()
          ? program.answer(verdict.end)
          : places.computeIfAbsent(verdict, v -> code(program, v));
    }
    int middle = ranges.size() / 2;
    int rest = search(program, ranges.subList(middle, ranges.size()), places);
    int below = search(program, ranges.subList(0, middle), places);
    return program.branch(JUMP_GREATER_OR_EQUAL, ranges.get(middle).from, rest, below);
  }

  private static int code(ProgramBuilder program, Verdict verdict) {
    program.prepend(Instruction.returning(verdict.end));
    for (Rule rule : verdict.rules.reversed()) {
      Instruction answer = Instruction.returning(rule.action());
      program.prependAll(ConditionCode.compile(rule.conditions(), List.of(answer)));
    }
    return program.top();
  }

  private List<Range> ranges(SeccompProfile profile, Abi abi) {
    Verdict fallback = new Verdict(List.of(), profile.fallback());
    SortedMap<Integer, Verdict> verdicts = verdicts(profile, abi);
    List<Range> ranges = new ArrayList<>();
    int next = 0;
    for (Map.Entry<Integer, Verdict> entry : verdicts.entrySet()) {
      if (entry.getKey() > next) {
        boolean beyond = entry.getKey() >= ARM_PRIVATE && next < ARM_PRIVATE;
        append(ranges, next, beyond ? new Verdict(List.of(), beyond(profile)) : fallback);
      }
      append(ranges, entry.getKey(), entry.getValue());
      next = entry.getKey() + 1;
    }
    append(ranges, next, new Verdict(List.of(), beyond(profile)));
    return ranges;
  }

  private static void append(List<Range> ranges, int from, Verdict verdict) {
    if (ranges.isEmpty() || !ranges.getLast().verdict.equals(verdict)) {
      ranges.add(new Range(from, verdict));
    }
  }

  /**
   * For calls newer than the newest that the profile knows. Libraries try a new call and fall back
   * on an old one when told that it does not exist, but give up when told that it is forbidden.
   */
  private static Action beyond(SeccompProfile profile) {
    return profile.fallback().isErrno() ? Action.errno(Action.ENOSYS) : profile.fallback();
  }

  private SortedMap<Integer, Verdict> verdicts(SeccompProfile profile, Abi abi) {
    TreeMap<Integer, List<Rule>> byNumber = new TreeMap<>();
    for (Rule rule : profile.rules()) {
      for (String name : rule.names()) {
        Set<Integer> numbers = new HashSet<>();
        syscalls.number(abi, name).ifPresent(numbers::add);
        if (abi == Abi.X86_64) {
          syscalls.number(Abi.X32, name).ifPresent(numbers::add);
        }
        numbers.forEach(n -> byNumber.computeIfAbsent(n, k -> new ArrayList<>()).add(rule));
      }
    }
    TreeMap<Integer, Verdict> verdicts = new TreeMap<>();
    byNumber.forEach((number, rules) -> verdicts.put(number, verdict(rules, profile.fallback())));
    return verdicts;
  }

  private static Verdict verdict(List<Rule> rules, Action fallback) {
    List<Rule> conditional = rules.stream().filter(r -> !r.conditions().isEmpty()).toList();
    Action end =
        rules.stream()
            .filter(r -> r.conditions().isEmpty())
            .findFirst()
            .map(Rule::action)
            .orElse(fallback);
    return new Verdict(conditional, end);
  }
}
