package dev.hearth.runtime.spec.seccomp;

import static dev.hearth.runtime.spec.seccomp.Instruction.JUMP_EQUAL;
import static dev.hearth.runtime.spec.seccomp.Instruction.JUMP_GREATER;
import static dev.hearth.runtime.spec.seccomp.Instruction.JUMP_GREATER_OR_EQUAL;

import java.util.ArrayList;
import java.util.List;

/**
 * Code for conditions: it falls through when all hold and jumps behind its end when one does not.
 * Arguments have 64 bits and the accumulator 32, so each is compared by its halves.
 */
final class ConditionCode {
  /** Stands for a jump behind the end until that is known. */
  private static final int FAIL = -1;

  /** Offset of the arguments in struct seccomp_data. */
  private static final int ARGUMENTS = 16;

  private record Draft(int code, int jumpTrue, int jumpFalse, int k) {}

  private final List<Draft> drafts = new ArrayList<>();

  private ConditionCode() {}

  /**
   * @param then instructions after the conditions, over which failure also jumps
   */
  static List<Instruction> compile(List<Condition> conditions, List<Instruction> then) {
    ConditionCode code = new ConditionCode();
    conditions.forEach(code::add);
    List<Instruction> out = new ArrayList<>();
    int end = code.drafts.size() + then.size();
    for (Draft draft : code.drafts) {
      int behind = end - out.size() - 1;
      out.add(
          new Instruction(
              draft.code,
              draft.jumpTrue == FAIL ? behind : draft.jumpTrue,
              draft.jumpFalse == FAIL ? behind : draft.jumpFalse,
              draft.k));
    }
    out.addAll(then);
    return out;
  }

  private void add(Condition c) {
    int high = (int) (c.value() >>> 32);
    int low = (int) c.value();
    switch (c.operator()) {
      case EQUAL -> {
        load(c, true);
        jump(JUMP_EQUAL, high, 0, FAIL);
        load(c, false);
        jump(JUMP_EQUAL, low, 0, FAIL);
      }
      case NOT_EQUAL -> {
        load(c, true);
        jump(JUMP_EQUAL, high, 0, 2);
        load(c, false);
        jump(JUMP_EQUAL, low, FAIL, 0);
      }
      case GREATER -> above(c, JUMP_GREATER);
      case GREATER_OR_EQUAL -> above(c, JUMP_GREATER_OR_EQUAL);
      case LESS -> below(c, JUMP_GREATER_OR_EQUAL);
      case LESS_OR_EQUAL -> below(c, JUMP_GREATER);
      case MASKED_EQUAL -> {
        load(c, true);
        drafts.add(new Draft(Instruction.AND, 0, 0, high));
        jump(JUMP_EQUAL, (int) (c.second() >>> 32), 0, FAIL);
        load(c, false);
        drafts.add(new Draft(Instruction.AND, 0, 0, low));
        jump(JUMP_EQUAL, (int) c.second(), 0, FAIL);
      }
    }
  }

  /** Holds if the high half is greater, or is equal and the low half passes the test. */
  private void above(Condition c, int lowTest) {
    int high = (int) (c.value() >>> 32);
    load(c, true);
    jump(JUMP_GREATER, high, 3, 0);
    jump(JUMP_EQUAL, high, 0, FAIL);
    load(c, false);
    jump(lowTest, (int) c.value(), 0, FAIL);
  }

  /** Holds if the high half is less, or is equal and the low half fails the test. */
  private void below(Condition c, int lowTest) {
    int high = (int) (c.value() >>> 32);
    load(c, true);
    jump(JUMP_GREATER, high, FAIL, 0);
    jump(JUMP_EQUAL, high, 0, 2);
    load(c, false);
    jump(lowTest, (int) c.value(), FAIL, 0);
  }

  /** Both architectures are little-endian: the low half comes first. */
  private void load(Condition c, boolean highHalf) {
    int offset = ARGUMENTS + c.index() * Long.BYTES + (highHalf ? Integer.BYTES : 0);
    drafts.add(new Draft(Instruction.LOAD, 0, 0, offset));
  }

  private void jump(int code, int k, int ifTrue, int ifFalse) {
    drafts.add(new Draft(code, ifTrue, ifFalse, k));
  }
}
