package dev.hearth.runtime.cgroup;

import dev.hearth.runtime.cgroup.DeviceRule.Kind;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Compiles device rules to the eBPF program by which v2 asks about each open and mknod (the
 * kernel's admin-guide/cgroup-v2.rst, "Device controller"; struct bpf_cgroup_dev_ctx). The last
 * rule that speaks of a device decides, as on v1; what none speaks of is denied.
 */
final class DeviceProgram {
  // Registers: the context comes in 1, the answer goes out in 0.
  private static final int ANSWER = 0;
  private static final int SCRATCH = 1;
  private static final int KIND = 2;
  private static final int ACCESS = 3;
  private static final int MAJOR = 4;
  private static final int MINOR = 5;

  // Operations (the kernel's bpf/standardization/instruction-set.rst).
  private static final int LOAD_WORD = 0x61;
  private static final int MOVE_NUMBER = 0xB7;
  private static final int MOVE_REGISTER = 0xBF;
  private static final int AND_NUMBER = 0x57;
  private static final int SHIFT_RIGHT = 0x77;
  private static final int JUMP_EQUAL = 0x15;
  private static final int JUMP_NOT_EQUAL = 0x55;
  private static final int EXIT = 0x95;

  private static final int MKNOD = 1;
  private static final int READ = 2;
  private static final int WRITE = 4;
  private static final int EVERY_ACCESS = MKNOD | READ | WRITE;
  private static final int BLOCK = 1;
  private static final int CHARACTER = 2;

  private record Instruction(int operation, int to, int from, int offset, int number) {}

  private final List<Instruction> program = new ArrayList<>();

  private DeviceProgram() {}

  /** Instructions of eight bytes each, in native order. */
  static byte[] compile(List<DeviceRule> rules) {
    DeviceProgram code = new DeviceProgram();
    code.add(LOAD_WORD, KIND, SCRATCH, 0, 0);
    code.add(MOVE_REGISTER, ACCESS, KIND, 0, 0);
    code.add(AND_NUMBER, KIND, 0, 0, 0xFFFF);
    code.add(SHIFT_RIGHT, ACCESS, 0, 0, 16);
    code.add(LOAD_WORD, MAJOR, SCRATCH, 4, 0);
    code.add(LOAD_WORD, MINOR, SCRATCH, 8, 0);
    merged(rules).reversed().forEach(code::rule);
    code.answer(false);
    return code.encode();
  }

  /**
   * Where nothing is denied, rules on the same device are one: read and write allowed apart are
   * allowed together.
   */
  private static List<DeviceRule> merged(List<DeviceRule> rules) {
    if (!rules.stream().allMatch(DeviceRule::allow)) {
      return rules;
    }
    Map<List<Object>, DeviceRule> byDevice = new LinkedHashMap<>();
    for (DeviceRule rule : rules) {
      byDevice.merge(
          List.of(rule.kind(), rule.major(), rule.minor()),
          rule,
          (a, b) ->
              new DeviceRule(true, a.kind(), a.major(), a.minor(), union(a.access(), b.access())));
    }
    return List.copyOf(byDevice.values());
  }

  private static String union(String a, String b) {
    StringBuilder both = new StringBuilder();
    for (char letter : new char[] {'r', 'w', 'm'}) {
      if (a.indexOf(letter) >= 0 || b.indexOf(letter) >= 0) {
        both.append(letter);
      }
    }
    return both.toString();
  }

  private void rule(DeviceRule rule) {
    List<Instruction> tests = new ArrayList<>();
    if (rule.kind() != Kind.ALL) {
      int kind = rule.kind() == Kind.BLOCK ? BLOCK : CHARACTER;
      tests.add(new Instruction(JUMP_NOT_EQUAL, KIND, 0, 0, kind));
    }
    int access = access(rule.access());
    if (access != EVERY_ACCESS) {
      // To allow, a rule must cover all that is asked; to deny, any of it.
      tests.add(new Instruction(MOVE_REGISTER, SCRATCH, ACCESS, 0, 0));
      int mask = rule.allow() ? EVERY_ACCESS & ~access : access;
      tests.add(new Instruction(AND_NUMBER, SCRATCH, 0, 0, mask));
      int jump = rule.allow() ? JUMP_NOT_EQUAL : JUMP_EQUAL;
      tests.add(new Instruction(jump, SCRATCH, 0, 0, 0));
    }
    if (rule.major() != DeviceRule.ANY) {
      tests.add(new Instruction(JUMP_NOT_EQUAL, MAJOR, 0, 0, rule.major()));
    }
    if (rule.minor() != DeviceRule.ANY) {
      tests.add(new Instruction(JUMP_NOT_EQUAL, MINOR, 0, 0, rule.minor()));
    }
    for (int i = 0; i < tests.size(); i++) {
      Instruction test = tests.get(i);
      boolean jumps = test.operation == JUMP_NOT_EQUAL || test.operation == JUMP_EQUAL;
      // Over the remaining tests and the two instructions of the answer.
      int offset = jumps ? tests.size() - i - 1 + 2 : 0;
      add(test.operation, test.to, test.from, offset, test.number);
    }
    answer(rule.allow());
  }

  private static int access(String letters) {
    int bits = 0;
    bits |= letters.indexOf('r') >= 0 ? READ : 0;
    bits |= letters.indexOf('w') >= 0 ? WRITE : 0;
    bits |= letters.indexOf('m') >= 0 ? MKNOD : 0;
    return bits;
  }

  private void answer(boolean allow) {
    add(MOVE_NUMBER, ANSWER, 0, 0, allow ? 1 : 0);
    add(EXIT, 0, 0, 0, 0);
  }

  private void add(int operation, int to, int from, int offset, int number) {
    program.add(new Instruction(operation, to, from, offset, number));
  }

  private byte[] encode() {
    // Code behind a rule that matches everything is dead, and the verifier refuses dead code.
    int end = reachable();
    ByteBuffer out = ByteBuffer.allocate(end * Long.BYTES).order(ByteOrder.nativeOrder());
    for (Instruction i : program.subList(0, end)) {
      out.put((byte) i.operation);
      out.put((byte) (i.to | i.from << 4));
      out.putShort((short) i.offset);
      out.putInt(i.number);
    }
    return out.array();
  }

  /** Instructions up to the first end that nothing jumps over. */
  private int reachable() {
    int farthest = 0;
    for (int i = 0; i < program.size(); i++) {
      if (jumps(i)) {
        farthest = Math.max(farthest, i + 1 + program.get(i).offset);
      }
      if (program.get(i).operation == EXIT && farthest <= i) {
        return i + 1;
      }
    }
    return program.size();
  }

  private boolean jumps(int index) {
    int operation = program.get(index).operation;
    return operation == JUMP_NOT_EQUAL || operation == JUMP_EQUAL;
  }
}
