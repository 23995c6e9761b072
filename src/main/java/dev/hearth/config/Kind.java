package dev.hearth.config;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.tomlj.TomlArray;

/**
 * What a key's value looks like in the file and what it means.
 *
 * @param shape what an operator reads when the value is something else
 * @param read from TOML's own types; throws IllegalArgumentException, whose message is for the
 *     operator, when the value is not of this kind
 */
record Kind<T>(String shape, Function<Object, T> read) {

  static Kind<String> text() {
    return new Kind<>("a string", value -> cast(String.class, "a string", value));
  }

  static Kind<Path> path() {
    return new Kind<>(
        "an absolute path", value -> path(cast(String.class, "an absolute path", value)));
  }

  static Kind<Optional<Path>> optionalPath() {
    String shape = "an absolute path, or \"\"";
    return new Kind<>(
        shape,
        value -> {
          String text = cast(String.class, shape, value);
          return text.isEmpty() ? Optional.empty() : Optional.of(path(text));
        });
  }

  static Kind<Integer> number() {
    return new Kind<>("a whole number", Kind::number);
  }

  /** An IP address, so that nothing has to be looked up, and a port. */
  static Kind<InetSocketAddress> address() {
    String shape = "an IP address and port";
    return new Kind<>(shape, value -> address(shape, cast(String.class, shape, value)));
  }

  static <E extends Enum<E>> Kind<E> oneOf(Class<E> type) {
    String choices =
        Arrays.stream(type.getEnumConstants())
            .map(constant -> '"' + written(constant) + '"')
            .collect(Collectors.joining(", ", "one of ", ""));
    return new Kind<>(
        choices,
        value -> {
          String text = cast(String.class, choices, value);
          return Arrays.stream(type.getEnumConstants())
              .filter(constant -> written(constant).equals(text))
              .findFirst()
              .orElseThrow(() -> refusal(choices, value));
        });
  }

  static <T> Kind<List<T>> list(String shape, Function<String, T> element) {
    return new Kind<>(
        shape,
        value ->
            cast(TomlArray.class, shape, value).toList().stream()
                .map(item -> element.apply(cast(String.class, shape, item)))
                .toList());
  }

  static String written(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }

  private static InetSocketAddress address(String shape, String text) {
    int colon = text.lastIndexOf(':');
    try {
      String host = text.substring(0, Math.max(0, colon));
      boolean bracketed = host.startsWith("[") && host.endsWith("]");
      if (bracketed != host.contains(":")) {
        throw refusal(shape, text);
      }
      return new InetSocketAddress(
          InetAddress.ofLiteral(bracketed ? host.substring(1, host.length() - 1) : host),
          Integer.parseInt(text.substring(colon + 1)));
    } catch (IllegalArgumentException e) {
      throw refusal(shape, text);
    }
  }

  static Path absolute(String text) {
    return path(text);
  }

  private static Path path(String text) {
    Path path = Path.of(text).normalize();
    if (!path.isAbsolute()) {
      throw refusal("an absolute path", text);
    }
    return path;
  }

  private static int number(Object value) {
    try {
      return Math.toIntExact(cast(Long.class, "a whole number", value));
    } catch (ArithmeticException e) {
      throw refusal("a whole number", value);
    }
  }

  private static <V> V cast(Class<V> type, String shape, Object value) {
    if (!type.isInstance(value)) {
      throw refusal(shape, value);
    }
    return type.cast(value);
  }

  private static IllegalArgumentException refusal(String shape, Object value) {
    String shown =
        switch (value) {
          case String text -> '"' + text + '"';
          case TomlArray array -> array.toJson();
          default -> value.toString();
        };
    return new IllegalArgumentException("must be " + shape + ", not " + shown);
  }
}
