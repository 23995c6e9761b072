package dev.hearth.runtime.spec;

import dev.hearth.runtime.model.ContainerSpec;
import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.model.ImageConfig;
import java.util.ArrayList;
import java.util.List;

/** What is executed. */
final class CommandLine {
  private CommandLine() {}

  /**
   * Kubernetes' rule: a command given replaces the image's entrypoint and its arguments; arguments
   * given replace the image's.
   *
   * @throws HearthException.InvalidRequest if neither request nor image says what to run
   */
  static List<String> of(ContainerSpec spec, ImageConfig image) {
    List<String> words = new ArrayList<>(spec.command());
    if (words.isEmpty()) {
      words.addAll(image.entrypoint());
      words.addAll(spec.args().isEmpty() ? image.command() : spec.args());
    } else {
      words.addAll(spec.args());
    }
    if (words.isEmpty() || words.getFirst().isEmpty()) {
      throw new HearthException.InvalidRequest(
          "container "
              + spec.metadata().name()
              + " has no command, and image "
              + spec.image()
              + " names none");
    }
    for (String word : words) {
      if (word.indexOf('\0') >= 0) {
        throw new HearthException.InvalidRequest(
            "the command of image " + spec.image() + " contains a NUL character");
      }
    }
    return words;
  }
}
