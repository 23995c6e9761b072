package dev.hearth.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.runtime.model.HearthException;
import org.junit.jupiter.api.Test;

class OutputBudgetTest {
  @Test
  void oneCommandHasSoMuchForBothItsStreams() {
    OutputBudget budget = new OutputBudget(10, 100);
    try (OutputBudget.Share share = budget.begin()) {
      assertThat(share.take(7)).isEqualTo(7);
      assertThat(share.take(7)).isEqualTo(3);
      assertThat(share.take(7)).isZero();
      // Known to be cut off at its own bound, as every client expects.
      share.requireAll();
    }
  }

  @Test
  void aCommandFailsWhoseOutputFindsNoRoomForOthers() {
    OutputBudget budget = new OutputBudget(10, 15);
    OutputBudget.Share first = budget.begin();
    assertThat(first.take(10)).isEqualTo(10);
    OutputBudget.Share second = budget.begin();
    assertThat(second.take(5)).isEqualTo(5);
    assertThat(second.take(1)).isZero();
    assertThatThrownBy(second::requireAll).isInstanceOf(HearthException.LimitReached.class);
    first.close();
    first.close();
    second.close();
    // Late output of a command that is over.
    assertThat(second.take(5)).isZero();

    try (OutputBudget.Share third = budget.begin();
        OutputBudget.Share fourth = budget.begin()) {
      assertThat(third.take(10)).isEqualTo(10);
      assertThat(fourth.take(5)).isEqualTo(5);
      third.requireAll();
      fourth.requireAll();
    }
  }
}
