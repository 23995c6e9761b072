package dev.hearth.runtime.stream;

import dev.hearth.runtime.model.HearthException;

/**
 * Which streams a client wants of a command or container.
 *
 * @param terminal whether it is a terminal, which has one output
 */
public record StdioRequest(boolean stdin, boolean stdout, boolean stderr, boolean terminal) {
  public StdioRequest {
    if (terminal && stderr) {
      throw new HearthException.InvalidRequest(
          "a terminal has no stderr of its own: tty and stderr cannot both be asked for");
    }
    if (!stdin && !stdout && !stderr) {
      throw new HearthException.InvalidRequest("one of stdin, stdout and stderr must be asked for");
    }
  }
}
