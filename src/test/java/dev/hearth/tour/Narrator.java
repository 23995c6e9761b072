package dev.hearth.tour;

import java.io.PrintStream;
import java.util.function.Function;

/** Carries out steps and says what each was and how long it took. */
final class Narrator {
  /** Work with a result, which may fail in any way. */
  @FunctionalInterface
  interface Step<T> {
    T take() throws Exception;
  }

  private final PrintStream out;

  Narrator(PrintStream out) {
    this.out = out;
  }

  /** Takes a step and prints a line in which its result is described. */
  <T> T step(Step<T> step, Function<T, String> described) throws Exception {
    long start = System.nanoTime();
    T result = step.take();
    double milliseconds = (System.nanoTime() - start) / 1e6;
    out.printf("%9.1f ms  %s%n", milliseconds, described.apply(result));
    return result;
  }

  /** Takes a step without a result. */
  void step(String what, Action action) throws Exception {
    step(
        () -> {
          action.take();
          return what;
        },
        text -> text);
  }

  /** Work without a result, which may fail in any way. */
  @FunctionalInterface
  interface Action {
    void take() throws Exception;
  }

  void say(String line) {
    out.println(line);
  }
}
