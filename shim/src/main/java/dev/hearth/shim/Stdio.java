package dev.hearth.shim;

/** What a container reads from and writes to. What it writes goes to the log. */
public sealed interface Stdio {
  /** What becomes of its stdin. */
  enum Input {
    NONE(0),
    /** Closed when the first client that wrote it is gone. */
    ONCE(1),
    KEPT(2);

    private final int number;

    Input(int number) {
      this.number = number;
    }

    /** As plan.h has it. */
    int number() {
      return number;
    }
  }

  /** /dev/null. */
  record Nothing() implements Stdio {}

  /** Pipes. */
  record Pipes(Input input) implements Stdio {}

  /**
   * A terminal of the container's own devpts, also bound on /dev/console; needs devpts at /dev/pts.
   */
  record Terminal(Input input, WindowSize size) implements Stdio {}
}
