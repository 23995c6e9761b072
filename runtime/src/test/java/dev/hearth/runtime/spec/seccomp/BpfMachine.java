package dev.hearth.runtime.spec.seccomp;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/** Runs a seccomp program as the kernel would, as strict in what it takes. */
final class BpfMachine {
  private record Insn(int code, int jumpTrue, int jumpFalse, int k) {}

  private final List<Insn> program;

  /** Instructions run by the last call. */
  int steps;

  BpfMachine(List<Long> instructions) {
    program =
        instructions.stream()
            .map(n ->
                new Insn(
                    (int) (n & 0xFFFF),
                    (int) ((n >> 16) & 0xFF),
                    (int) ((n >> 24) & 0xFF),
                    (int) (n >> 32)))
            .toList();
  }

  int size() {
    return program.size();
  }

  /** What the filter returns. */
  int run(int auditArch, int number, long... arguments) {
    ByteBuffer data = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
    data.putInt(number).putInt(auditArch).putLong(0x7F00_0000_1000L);
    for (long argument : arguments) {
      data.putLong(argument);
    }
    int accumulator = 0;
    steps = 0;
    for (int at = 0; ; at++) {
      steps++;
      Insn i = program.get(at);
      switch (i.code) {
        case Instruction.LOAD -> {
          if ((i.k & 3) != 0 || i.k < 0 || i.k >= 64) {
            throw new IllegalStateException("bad load " + i);
          }
          accumulator = data.getInt(i.k);
        }
        case Instruction.AND -> accumulator &= i.k;
        case Instruction.RETURN -> {
          return i.k;
        }
        case Instruction.JUMP -> at += i.k;
        case Instruction.JUMP_EQUAL -> at += accumulator == i.k ? i.jumpTrue : i.jumpFalse;
        case Instruction.JUMP_GREATER ->
            at += Integer.compareUnsigned(accumulator, i.k) > 0 ? i.jumpTrue : i.jumpFalse;
        case Instruction.JUMP_GREATER_OR_EQUAL ->
            at += Integer.compareUnsigned(accumulator, i.k) >= 0 ? i.jumpTrue : i.jumpFalse;
        default -> throw new IllegalStateException("bad instruction " + i);
      }
    }
  }
}
