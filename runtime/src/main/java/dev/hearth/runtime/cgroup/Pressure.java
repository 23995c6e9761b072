package dev.hearth.runtime.cgroup;

/**
 * How long tasks stood waiting for a resource (the kernel's accounting/psi.rst). Averages are
 * percentages of the last 10, 60 and 300 seconds.
 *
 * @param some at least one task waited
 * @param full all waited at once
 */
public record Pressure(Line some, Line full) {
  /**
   * @param totalMicros since the group was made
   */
  public record Line(double avg10, double avg60, double avg300, long totalMicros) {
    static final Line ZERO = new Line(0, 0, 0, 0);
  }

  static Pressure parse(String text) {
    Line some = Line.ZERO;
    Line full = Line.ZERO;
    for (String line : text.split("\n", -1)) {
      if (line.startsWith("some ")) {
        some = line(line);
      } else if (line.startsWith("full ")) {
        full = line(line);
      }
    }
    return new Pressure(some, full);
  }

  /** {@code some avg10=0.00 avg60=0.00 avg300=0.00 total=0}. */
  private static Line line(String text) {
    double[] averages = new double[3];
    long total = 0;
    for (String word : text.split(" ", -1)) {
      int equals = word.indexOf('=');
      if (equals > 0) {
        String value = word.substring(equals + 1);
        switch (word.substring(0, equals)) {
          case "avg10" -> averages[0] = Double.parseDouble(value);
          case "avg60" -> averages[1] = Double.parseDouble(value);
          case "avg300" -> averages[2] = Double.parseDouble(value);
          case "total" -> total = Long.parseLong(value);
          default -> {}
        }
      }
    }
    return new Line(averages[0], averages[1], averages[2], total);
  }
}
