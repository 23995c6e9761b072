package dev.hearth.config;

/** A value is of the right type and yet cannot be used; says which key's. */
final class UnfitValueException extends IllegalArgumentException {
  private static final long serialVersionUID = 1;

  private final String key;

  UnfitValueException(Key<?> key, String problem) {
    super(key.name() + " " + problem);
    this.key = key.name();
  }

  String key() {
    return key;
  }
}
