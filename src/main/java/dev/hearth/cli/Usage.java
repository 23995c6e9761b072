package dev.hearth.cli;

import java.util.ArrayList;
import java.util.List;

/**
 * What a command takes.
 *
 * @param name as it is typed, {@code hearth exec}
 * @param description a sentence for the list of commands; more, if need be, for the command's help
 * @param parameters all must be there
 * @param verbatim behind the first parameter nothing is an option any more
 */
record Usage(
    String name,
    List<String> description,
    List<Parameter> parameters,
    List<Option<?>> options,
    boolean verbatim) {

  /**
   * What stands on a command line by its place.
   *
   * @param many one or more; for the last parameter only
   */
  record Parameter(String label, String description, boolean many) {}

  Usage {
    description = List.copyOf(description);
    parameters = List.copyOf(parameters);
    options = List.copyOf(options);
  }

  static Usage of(String name, String... description) {
    return new Usage(name, List.of(description), List.of(), List.of(), false);
  }

  /** With one more parameter. */
  Usage taking(String label, String about) {
    return taking(new Parameter(label, about, false));
  }

  /** With a last parameter that may be repeated. */
  Usage takingMany(String label, String about) {
    return taking(new Parameter(label, about, true));
  }

  /** With more options. */
  Usage with(Option<?>... more) {
    var all = new ArrayList<>(options);
    all.addAll(List.of(more));
    return new Usage(name, description, parameters, all, verbatim);
  }

  /** With everything behind the first parameter left as it is. */
  Usage verbatimBehindParameter() {
    return new Usage(name, description, parameters, options, true);
  }

  private Usage taking(Parameter parameter) {
    var all = new ArrayList<>(parameters);
    all.add(parameter);
    return new Usage(name, description, all, options, verbatim);
  }
}
