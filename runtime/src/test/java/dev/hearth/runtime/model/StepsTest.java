package dev.hearth.runtime.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class StepsTest {
  private final List<String> log = new ArrayList<>();

  @Test
  void aFailureUndoesAllStepsInReverseEvenWhenAnUndoFails() throws Exception {
    Steps steps = new Steps(Failpoints.NONE, "verb");
    steps.run("one", () -> log.add("one"), () -> log.add("undo one"));
    steps.run(
        "two",
        () -> log.add("two"),
        () -> {
          throw new IOException("stuck");
        });
    assertThatThrownBy(() ->
            steps.run(
                "three",
                () -> {
                  throw new IOException("broken");
                },
                () -> log.add("undo three")))
        .hasMessage("broken");
    IOException failure = new IOException("broken");

    steps.undo(failure);

    assertThat(log).containsExactly("one", "two", "undo three", "undo one");
    assertThat(failure.getSuppressed()).hasSize(1);
    assertThat(failure.getSuppressed()[0]).hasMessage("verb: could not undo 'two'");
  }
}
