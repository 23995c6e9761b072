package dev.hearth.cli;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/**
 * Reads a command line as GNU programs do: {@code --name value}, {@code --name=value}, {@code -n
 * value}, {@code -nvalue}, {@code -ab} for {@code -a -b}, {@code --} before parameters that begin
 * with a dash, options before and behind parameters.
 *
 * <p>Of our own because of the time it takes: the libraries there are need as long to start as
 * everything else a command does.
 */
final class CommandLineReader {
  private final Usage usage;
  private final Given given;
  private final Deque<String> words;
  private boolean onlyParameters;

  private CommandLineReader(Usage usage, Given given, List<String> words) {
    this.usage = usage;
    this.given = given;
    this.words = new ArrayDeque<>(words);
  }

  /**
   * Reads words into {@code given}. Whether there are as many parameters as there should be is for
   * {@link #checkParameters}.
   *
   * @throws CommandFailure if an option is unknown, or its value no good
   */
  static void read(Usage usage, Given given, List<String> words) {
    new CommandLineReader(usage, given, words).read();
  }

  /**
   * @throws CommandFailure if there are too few parameters, or too many
   */
  static void checkParameters(Usage usage, Given given) {
    int wanted = usage.parameters().size();
    int there = given.parameters().size();
    if (there < wanted) {
      throw misuse(usage, usage.parameters().get(there).label() + " is missing");
    }
    if (there > wanted && (wanted == 0 || !usage.parameters().getLast().many())) {
      throw misuse(usage, "nothing known to do with " + given.parameters().get(wanted));
    }
  }

  static CommandFailure misuse(Usage usage, String what) {
    return CommandFailure.usage(what + "; see " + usage.name() + " --help");
  }

  private void read() {
    while (!words.isEmpty()) {
      String word = words.remove();
      if (onlyParameters || word.equals("-") || !word.startsWith("-")) {
        given.addParameter(word);
        onlyParameters |= usage.verbatim();
      } else if (word.equals("--")) {
        onlyParameters = true;
      } else if (word.startsWith("--")) {
        readLong(word);
      } else {
        readShort(word);
      }
    }
  }

  private void readLong(String word) {
    int equals = word.indexOf('=');
    String name = equals < 0 ? word : word.substring(0, equals);
    Option<?> option = option(name);
    if (option.isFlag()) {
      if (equals >= 0) {
        throw misuse(usage, name + " takes no value");
      }
      add(option, name, "true");
    } else {
      add(option, name, equals < 0 ? nextWord(name, option) : word.substring(equals + 1));
    }
  }

  private void readShort(String word) {
    for (int at = 1; at < word.length(); at++) {
      String name = "-" + word.charAt(at);
      Option<?> option = option(name);
      if (!option.isFlag()) {
        String rest = word.substring(at + 1);
        add(option, name, rest.isEmpty() ? nextWord(name, option) : rest);
        return;
      }
      add(option, name, "true");
    }
  }

  private Option<?> option(String name) {
    return usage.options().stream()
        .filter(option -> option.names().contains(name))
        .findFirst()
        .orElseThrow(() -> misuse(usage, "unknown option " + name));
  }

  private String nextWord(String name, Option<?> option) {
    String word = words.poll();
    if (word == null) {
      throw misuse(usage, name + " needs a value, " + option.label());
    }
    return word;
  }

  private <T> void add(Option<T> option, String name, String text) {
    T value;
    try {
      value = option.reading().read(text);
    } catch (IllegalArgumentException e) {
      throw misuse(usage, name + ": " + e.getMessage());
    }
    given.add(option, value);
  }
}
