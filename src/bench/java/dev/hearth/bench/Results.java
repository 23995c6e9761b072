package dev.hearth.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Everything measured in one run: samples by measure and contender, in the order of arrival. */
final class Results {
  private final Map<Measure, Map<String, List<Double>>> values = new LinkedHashMap<>();

  /** Adds one value, in the measure's unit. */
  void add(Measure measure, String contender, double value) {
    values
        .computeIfAbsent(measure, _ -> new LinkedHashMap<>())
        .computeIfAbsent(contender, _ -> new ArrayList<>())
        .add(value);
  }

  /** Adds a time that began at {@code startNanos} of System.nanoTime and ends now. */
  void addSince(Measure measure, String contender, long startNanos) {
    double nanos = System.nanoTime() - startNanos;
    add(
        measure,
        contender,
        switch (measure.unit()) {
          case MILLISECONDS -> nanos / 1e6;
          case SECONDS -> nanos / 1e9;
          case MEGABYTES, COUNT -> throw new IllegalArgumentException(measure + " is no time");
        });
  }

  Map<Measure, Map<String, Samples>> all() {
    var all = new LinkedHashMap<Measure, Map<String, Samples>>();
    values.forEach((measure, contenders) -> {
      var samples = new LinkedHashMap<String, Samples>();
      contenders.forEach((contender, list) -> samples.put(contender, new Samples(list)));
      all.put(measure, samples);
    });
    return all;
  }
}
