package dev.hearth.cli;

import java.util.Locale;

/** What a word on the command line may name. */
enum Kind {
  POD,
  CONTAINER,
  IMAGE;

  static Kind read(String text) {
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "pod" -> POD;
      case "container" -> CONTAINER;
      case "image" -> IMAGE;
      default -> throw new IllegalArgumentException("no pod, container or image: " + text);
    };
  }

  /** As it stands in a sentence. */
  String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
