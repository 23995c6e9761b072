package dev.hearth.runtime.spec.seccomp;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Builds a program from its end to its start, so that what is jumped to is there already and can be
 * shared: a filter has a hundred ways that lead to the same few answers. A place is the number of
 * instructions that were there before it.
 */
final class ProgramBuilder {
  private final List<Instruction> reversed = new ArrayList<>();

  /** Where an answer was last written. */
  private final Map<Action, Integer> answers = new HashMap<>();

  /** The instruction to be run first of those there are. */
  int top() {
    return reversed.size() - 1;
  }

  /** An answer, one that is there already if there is one; it may be far off by then. */
  int answer(Action action) {
    return answers.computeIfAbsent(action, a -> prepend(Instruction.returning(a)));
  }

  int prepend(Instruction instruction) {
    reversed.add(instruction);
    return top();
  }

  /** Code that runs on into what is at the top. */
  int prependAll(List<Instruction> code) {
    code.reversed().forEach(this::prepend);
    return top();
  }

  /** A test that leads to two places, however far off. */
  int branch(int code, int k, int ifTrue, int ifFalse) {
    int near = within(ifFalse, Instruction.MAX_JUMP - 1);
    int far = within(ifTrue, Instruction.MAX_JUMP);
    return prepend(new Instruction(code, distance(far), distance(near), k));
  }

  /** Makes a place the top, by a jump unless it is. */
  int toTop(int place) {
    return place == top() ? place : prepend(Instruction.jump(distance(place)));
  }

  /** The place, or one nearby that leads there. */
  private int within(int place, int reach) {
    if (distance(place) <= reach) {
      return place;
    }
    Instruction there = reversed.get(place);
    if (there.code() == Instruction.RETURN) {
      int copy = prepend(there);
      answers.replaceAll((action, at) -> at == place ? copy : at);
      return copy;
    }
    return prepend(Instruction.jump(distance(place)));
  }

  /** From the instruction that is prepended next. */
  private int distance(int place) {
    return reversed.size() - place - 1;
  }

  List<Instruction> program() {
    return reversed.reversed();
  }
}
