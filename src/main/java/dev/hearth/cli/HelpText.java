package dev.hearth.cli;

import java.util.List;
import java.util.Map;

/** What {@code --help} shows. */
final class HelpText {
  private static final int WIDTH = 80;
  private static final int LEFT = 27;

  private static final List<Map.Entry<String, String>> EXIT_CODES =
      List.of(
          Map.entry("0", "done"),
          Map.entry("1", "failed; the message says why"),
          Map.entry("2", "the command line makes no sense"),
          Map.entry("3", "no daemon answers on the socket"),
          Map.entry("4", "what was named is not there"),
          Map.entry("other", "exec only: the command's own code"));

  private final StringBuilder text = new StringBuilder();

  private HelpText() {}

  /** The help of one command. */
  static String of(Usage usage) {
    var help = new HelpText();
    help.synopsis(usage);
    if (!usage.parameters().isEmpty()) {
      help.heading("Parameters");
      usage
          .parameters()
          .forEach(parameter -> help.item("  " + label(parameter), parameter.description()));
    }
    help.optionsAndCodes(usage);
    return help.text.toString();
  }

  /** The help of the program, with a list of its commands. */
  static String of(Usage usage, List<Usage> commands) {
    var help = new HelpText();
    help.synopsis(usage);
    help.heading("Commands");
    for (Usage command : commands) {
      String name = command.name().substring(command.name().lastIndexOf(' ') + 1);
      help.item("  " + name, command.description().getFirst());
    }
    help.optionsAndCodes(usage);
    return help.text.toString();
  }

  private void synopsis(Usage usage) {
    text.append("Usage: ").append(usage.name()).append(" [OPTION...]");
    usage.parameters().forEach(parameter -> text.append(' ').append(label(parameter)));
    text.append('\n');
    usage.description().forEach(sentence -> wrapped("", 0, sentence));
  }

  private void optionsAndCodes(Usage usage) {
    heading("Options");
    usage.options().forEach(option -> item(label(option), option.description()));
    heading("Exit codes");
    EXIT_CODES.forEach(code -> item("  " + code.getKey(), code.getValue()));
  }

  private static String label(Usage.Parameter parameter) {
    return parameter.label() + (parameter.many() ? "..." : "");
  }

  private static String label(Option<?> option) {
    boolean hasShort = option.names().getFirst().length() == 2;
    return (hasShort ? "  " : "      ")
        + String.join(", ", option.names())
        + (option.isFlag() ? "" : " " + option.label());
  }

  private void heading(String heading) {
    text.append('\n').append(heading).append(":\n");
  }

  private void item(String left, String right) {
    if (left.length() > LEFT - 2) {
      text.append(left).append('\n');
      wrapped("", LEFT, right);
    } else {
      wrapped(left, LEFT, right);
    }
  }

  /** Appends words in lines of at most {@link #WIDTH}, all but the first indented. */
  private void wrapped(String first, int indent, String words) {
    var line = new StringBuilder(first).repeat(' ', indent - first.length());
    boolean empty = true;
    for (String word : words.split(" ", -1)) {
      if (!empty && line.length() + 1 + word.length() > WIDTH) {
        text.append(line).append('\n');
        line.setLength(0);
        line.repeat(' ', indent);
        empty = true;
      }
      line.append(empty ? "" : " ").append(word);
      empty = false;
    }
    text.append(line).append('\n');
  }
}
