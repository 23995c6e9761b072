package dev.hearth.runtime.spec.seccomp;

import static dev.hearth.runtime.spec.seccomp.Instruction.JUMP_EQUAL;
import static dev.hearth.runtime.spec.seccomp.Instruction.JUMP_GREATER_OR_EQUAL;

import dev.hearth.runtime.spec.seccomp.SeccompProfile.Rule;
import java.util.ArrayList;
import java.util.EnumSet;
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
    List<Instruction> program = new ArrayList<>();
    program.add(Instruction.load(ARCHITECTURE));
    Set<Abi> abis = EnumSet.of(own);
    own.guests().stream().filter(profile.guests()::contains).forEach(abis::add);
    boolean x32 = abis.remove(Abi.X32);
    for (Abi abi : abis) {
      List<Instruction> block = new ArrayList<>();
      block.add(Instruction.load(NUMBER));
      if (abi == Abi.X86_64) {
        List<Instruction> low = search(profile, abi);
        branch(block, Abi.X32_BIT, low, x32 ? search(profile, Abi.X32) : killed());
      } else {
        block.addAll(search(profile, abi));
      }
      program.add(new Instruction(JUMP_EQUAL, 1, 0, abi.auditArch()));
      program.add(Instruction.jump(block.size()));
      program.addAll(block);
    }
    program.addAll(killed());
    return encode(program);
  }

  private static List<Instruction> killed() {
    return List.of(Instruction.returning(Action.KILL_PROCESS));
  }

  private static List<Long> encode(List<Instruction> program) {
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

  private List<Instruction> search(SeccompProfile profile, Abi abi) {
    return search(ranges(profile, abi));
  }

  private static List<Instruction> search(List<Range> ranges) {
    if (ranges.size() == 1) {
      return code(ranges.getFirst().verdict);
    }
    int middle = ranges.size() / 2;
    List<Instruction> out = new ArrayList<>();
    branch(
        out,
        ranges.get(middle).from,
        search(ranges.subList(0, middle)),
        search(ranges.subList(middle, ranges.size())));
    return out;
  }

  /** Numbers below the pivot go to the first, others to the second. Both end in a return. */
  private static void branch(
      List<Instruction> out, int pivot, List<Instruction> below, List<Instruction> rest) {
    if (below.size() <= Instruction.MAX_JUMP) {
      out.add(new Instruction(JUMP_GREATER_OR_EQUAL, below.size(), 0, pivot));
    } else {
      out.add(new Instruction(JUMP_GREATER_OR_EQUAL, 0, 1, pivot));
      out.add(Instruction.jump(below.size()));
    }
    out.addAll(below);
    out.addAll(rest);
  }

  private static List<Instruction> code(Verdict verdict) {
    List<Instruction> out = new ArrayList<>();
    for (Rule rule : verdict.rules) {
      out.addAll(
          ConditionCode.compile(rule.conditions(), List.of(Instruction.returning(rule.action()))));
    }
    out.add(Instruction.returning(verdict.end));
    return out;
  }

  private List<Range> ranges(SeccompProfile profile, Abi abi) {
    int bit = abi == Abi.X32 ? Abi.X32_BIT : 0;
    Verdict fallback = new Verdict(List.of(), profile.fallback());
    SortedMap<Integer, Verdict> verdicts = verdicts(profile, abi);
    List<Range> ranges = new ArrayList<>();
    int next = 0;
    for (Map.Entry<Integer, Verdict> entry : verdicts.entrySet()) {
      if (entry.getKey() > next) {
        boolean beyond = entry.getKey() >= ARM_PRIVATE && next < ARM_PRIVATE;
        append(ranges, next | bit, beyond ? new Verdict(List.of(), beyond(profile)) : fallback);
      }
      append(ranges, entry.getKey() | bit, entry.getValue());
      next = entry.getKey() + 1;
    }
    append(ranges, next | bit, new Verdict(List.of(), beyond(profile)));
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
        syscalls
            .number(abi, name)
            .ifPresent(n -> byNumber.computeIfAbsent(n, k -> new ArrayList<>()).add(rule));
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
