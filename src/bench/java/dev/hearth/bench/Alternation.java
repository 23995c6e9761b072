package dev.hearth.bench;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Runs the same work on several contenders in turn. A machine grows slower and faster for reasons
 * of its own, and contenders measured one after the other would each get another machine.
 */
record Alternation(int rounds, int warmUps) {
  /** One contender's turn. What it measures in a warm-up is thrown away. */
  @FunctionalInterface
  interface Turn<C> {
    void take(C contender, Results results) throws Exception;
  }

  /** Gives every contender a turn in every round, and each round another one the first. */
  <C> void run(List<C> contenders, Results results, Turn<C> turn) throws Exception {
    var order = new ArrayList<>(contenders);
    for (int round = -warmUps; round < rounds; round++) {
      Results into = round < 0 ? new Results() : results;
      for (C contender : order) {
        turn.take(contender, into);
      }
      Collections.rotate(order, 1);
    }
  }
}
