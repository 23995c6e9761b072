package dev.hearth.shim;

/** Size of a terminal in characters; zeros leave it to the kernel. */
public record WindowSize(int rows, int columns) {
  public static final WindowSize UNKNOWN = new WindowSize(0, 0);

  public WindowSize {
    if (rows < 0 || rows > 0xFFFF || columns < 0 || columns > 0xFFFF) {
      throw new IllegalArgumentException("no terminal has " + rows + " x " + columns);
    }
  }
}
