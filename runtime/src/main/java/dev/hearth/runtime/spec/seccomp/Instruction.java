package dev.hearth.runtime.spec.seccomp;

/** One instruction of classic BPF, struct sock_filter. Jumps count from the next instruction. */
record Instruction(int code, int jumpTrue, int jumpFalse, int k) {
  static final int LOAD = 0x20;
  static final int AND = 0x54;
  static final int JUMP = 0x05;
  static final int JUMP_EQUAL = 0x15;
  static final int JUMP_GREATER = 0x25;
  static final int JUMP_GREATER_OR_EQUAL = 0x35;
  static final int RETURN = 0x06;

  /** Farthest that a conditional jump goes. */
  static final int MAX_JUMP = 255;

  Instruction {
    if (jumpTrue < 0 || jumpTrue > MAX_JUMP || jumpFalse < 0 || jumpFalse > MAX_JUMP) {
      throw new IllegalArgumentException("jump too far: " + jumpTrue + ", " + jumpFalse);
    }
  }

  static Instruction load(int offset) {
    return new Instruction(LOAD, 0, 0, offset);
  }

  static Instruction and(int mask) {
    return new Instruction(AND, 0, 0, mask);
  }

  static Instruction jump(int distance) {
    return new Instruction(JUMP, 0, 0, distance);
  }

  static Instruction returning(Action action) {
    return new Instruction(RETURN, 0, 0, action.value());
  }

  /** The eight bytes as one little-endian number. */
  long number() {
    return code | ((long) jumpTrue << 16) | ((long) jumpFalse << 24) | ((long) k << 32);
  }
}
