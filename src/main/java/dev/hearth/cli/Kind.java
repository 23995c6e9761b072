package dev.hearth.cli;

import java.util.Locale;

/** What a word on the command line may name. */
enum Kind {
  POD,
  CONTAINER,
  IMAGE;

  private static Kind read(String text) {
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "pod" -> POD;
      case "container" -> CONTAINER;
      case "image" -> IMAGE;
      default -> throw new IllegalArgumentException("no pod, container or image: " + text);
    };
  }

  /** Settles what a word is that may name several things. */
  static Option<Kind> option() {
    return Option.valued(Kind::read, "TYPE", "Only a pod, a container or an image.", "--type");
  }

  /** As it stands in a sentence. */
  String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
