package dev.hearth.runtime.model;

/**
 * Told of every step of a verb, before and after it is carried out. In production nothing listens.
 * Tests make step n fail, or kill the daemon right after it, for n = 1, 2, … until the verb
 * succeeds; so the code itself enumerates the steps.
 */
public interface Failpoints {
  /** Nobody listens. */
  Failpoints NONE =
      new Failpoints() {
        @Override
        public void before(String step) {}

        @Override
        public void after(String step) {}
      };

  /** A step is about to be tried, or to be undone. May throw to make that fail. */
  void before(String step);

  /** A step was carried out and what it made is there. May not return. */
  void after(String step);
}
