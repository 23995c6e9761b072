package dev.hearth.runtime.registry;

/** Makes what a stranger sent fit for a message. */
final class Text {
  private static final int MAX = 200;

  private Text() {}

  /** Control characters become spaces, and a long text is cut. */
  static String printable(String text) {
    StringBuilder out = new StringBuilder();
    text.strip()
        .codePoints()
        .limit(MAX)
        .map(c -> Character.isISOControl(c) || !Character.isDefined(c) ? ' ' : c)
        .forEach(out::appendCodePoint);
    return text.strip().length() > MAX ? out + "…" : out.toString();
  }
}
