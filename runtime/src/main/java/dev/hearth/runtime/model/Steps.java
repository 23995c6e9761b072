package dev.hearth.runtime.model;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * The steps of one verb with their undos. A step that fails undoes all before it, in reverse order;
 * an undo that fails is added to the failure as suppressed and does not stop the others. Confined
 * to one thread.
 */
public final class Steps {
  /** A piece of work that may fail in any way. */
  @FunctionalInterface
  public interface Action {
    void run() throws Exception;
  }

  /** A piece of work with a result. */
  @FunctionalInterface
  public interface Producer<T> {
    T run() throws Exception;
  }

  private record Undo(String step, Action action) {}

  private final Failpoints failpoints;
  private final String verb;
  private final Deque<Undo> undos = new ArrayDeque<>();

  public Steps(Failpoints failpoints, String verb) {
    this.failpoints = failpoints;
    this.verb = verb;
  }

  /** Carries out a step that leaves nothing to undo. */
  public void run(String step, Action action) throws Exception {
    run(step, action, () -> {});
  }

  /**
   * Carries out a step. The undo is registered first, so it must cope with a step half done or not
   * done at all.
   */
  public void run(String step, Action action, Action undo) throws Exception {
    make(
        step,
        () -> {
          action.run();
          return true;
        },
        undo);
  }

  /** Carries out a step that makes something. */
  public <T> T make(String step, Producer<T> producer, Action undo) throws Exception {
    undos.push(new Undo(step, undo));
    failpoints.before(verb + ": " + step);
    T result = producer.run();
    failpoints.after(verb + ": " + step);
    return result;
  }

  /** Undoes every step, last first. What fails is suppressed in {@code failure}. */
  public void undo(Throwable failure) {
    while (!undos.isEmpty()) {
      Undo undo = undos.pop();
      try {
        failpoints.before("undo " + verb + ": " + undo.step);
        undo.action.run();
      } catch (Exception e) {
        failure.addSuppressed(
            new IllegalStateException(verb + ": could not undo '" + undo.step + "'", e));
      }
    }
  }
}
