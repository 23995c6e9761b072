package dev.hearth.cli;

import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What may stand on a command line behind a name.
 *
 * @param names each with its dashes: {@code -f}, {@code --follow}
 * @param label stands for the value in the help; empty if there is none
 */
record Option<T>(List<String> names, String label, String description, Reading<T> reading) {
  /** Makes a value of what was written. */
  interface Reading<T> {
    /**
     * @throws IllegalArgumentException with a message that needs no context but the option's name
     */
    T read(String text);
  }

  Option {
    names = List.copyOf(names);
  }

  /** An option that is there or not. */
  static Option<Boolean> flag(String description, String... names) {
    return new Option<>(List.of(names), "", description, Boolean::valueOf);
  }

  /** An option with a value. */
  static <T> Option<T> valued(
      Reading<T> reading, String label, String description, String... names) {
    return new Option<>(List.of(names), label, description, reading);
  }

  /** How a command shows its answer. */
  static Option<OutputFormat> format(String description) {
    return valued(Option::readFormat, "FORMAT", description, "-o", "--output");
  }

  /** Labels to select by. */
  static Option<Map.Entry<String, String>> labels() {
    return valued(
        Option::readLabel,
        "KEY=VALUE",
        "Only those with this label; may be repeated.",
        "-l",
        "--label");
  }

  static long readNumber(String text) {
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("not a whole number: " + text, e);
    }
  }

  boolean isFlag() {
    return label.isEmpty();
  }

  private static OutputFormat readFormat(String text) {
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "table" -> OutputFormat.TABLE;
      case "json" -> OutputFormat.JSON;
      default -> throw new IllegalArgumentException("neither table nor json: " + text);
    };
  }

  private static Map.Entry<String, String> readLabel(String text) {
    int equals = text.indexOf('=');
    if (equals <= 0) {
      throw new IllegalArgumentException("not KEY=VALUE: " + text);
    }
    return Map.entry(text.substring(0, equals), text.substring(equals + 1));
  }
}
