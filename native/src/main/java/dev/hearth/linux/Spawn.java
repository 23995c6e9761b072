package dev.hearth.linux;

import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A program to start.
 *
 * @param program its file; no search in PATH
 * @param arguments all of them, the name first
 * @param environment all of it
 * @param descriptors what it gets, by the number it sees: nothing else is open in it. Of 0, 1 and 2
 *     those not given are /dev/null
 * @param newSession whether it leads a session of its own, setsid(2)
 */
public record Spawn(
    Path program,
    List<String> arguments,
    Map<String, String> environment,
    Map<Integer, Fd> descriptors,
    boolean newSession) {
  /** Descriptors above this are refused, so that a mistake does not ask for a huge table. */
  private static final int MAX_DESCRIPTOR = 1023;

  public Spawn {
    if (arguments.isEmpty()) {
      throw new IllegalArgumentException("no arguments, not even the name, for " + program);
    }
    for (String name : environment.keySet()) {
      if (name.isEmpty() || name.contains("=")) {
        throw new IllegalArgumentException("environment variable named '" + name + "'");
      }
    }
    for (int number : descriptors.keySet()) {
      if (number < 0 || number > MAX_DESCRIPTOR) {
        throw new IllegalArgumentException("descriptor " + number + " for " + program);
      }
    }
    arguments = List.copyOf(arguments);
    environment = Collections.unmodifiableMap(new TreeMap<>(environment));
    descriptors = Collections.unmodifiableMap(new TreeMap<>(descriptors));
  }
}
