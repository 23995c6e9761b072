package dev.hearth.bench;

import java.util.Arrays;
import java.util.List;

/** Measured values of one thing, in the order in which they were measured. */
record Samples(List<Double> values) {
  Samples {
    values = List.copyOf(values);
    if (values.isEmpty()) {
      throw new IllegalArgumentException("nothing was measured");
    }
  }

  static Samples of(double... values) {
    return new Samples(Arrays.stream(values).boxed().toList());
  }

  int count() {
    return values.size();
  }

  double median() {
    double[] sorted = sorted();
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  /** The value that 99 of 100 do not exceed; the largest when there are fewer than 100. */
  double p99() {
    double[] sorted = sorted();
    return sorted[(int) Math.ceil(sorted.length * 0.99) - 1];
  }

  double smallest() {
    return sorted()[0];
  }

  private double[] sorted() {
    return values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
  }
}
