package dev.hearth.cli;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a command line gave. Filled by {@link CommandLineReader} alone, on one thread, before
 * anybody looks.
 */
final class Given {
  private final Map<Option<?>, List<Object>> values = new HashMap<>();
  private final List<String> parameters = new ArrayList<>();

  <T> void add(Option<T> option, T value) {
    values.computeIfAbsent(option, _ -> new ArrayList<>()).add(value);
  }

  void addParameter(String word) {
    parameters.add(word);
  }

  /** Forgets the parameters; the options stay. */
  void clearParameters() {
    parameters.clear();
  }

  boolean has(Option<Boolean> flag) {
    return values.containsKey(flag);
  }

  /** The value of an option; the last one if it was given several times. */
  <T> Optional<T> value(Option<T> option) {
    List<T> all = values(option);
    return all.isEmpty() ? Optional.empty() : Optional.of(all.getLast());
  }

  /** All values of an option that may be repeated. */
  @SuppressWarnings("unchecked") // add() lets nothing but a T in
  <T> List<T> values(Option<T> option) {
    return List.copyOf((List<T>) values.getOrDefault(option, List.of()));
  }

  /** Labels to select by; of two with the same key the last. */
  Map<String, String> labels(Option<Map.Entry<String, String>> option) {
    var labels = new HashMap<String, String>();
    values(option).forEach(label -> labels.put(label.getKey(), label.getValue()));
    return labels;
  }

  boolean wantsJson(Option<OutputFormat> format) {
    return value(format).orElse(OutputFormat.TABLE) == OutputFormat.JSON;
  }

  List<String> parameters() {
    return List.copyOf(parameters);
  }
}
