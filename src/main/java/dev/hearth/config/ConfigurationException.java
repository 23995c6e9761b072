package dev.hearth.config;

import java.util.List;

/**
 * The configuration cannot be used. The message holds one line for each problem found, each
 * starting with the place ({@code FILE:LINE} or the command line's option).
 */
public final class ConfigurationException extends Exception {
  private static final long serialVersionUID = 1;

  ConfigurationException(List<String> problems) {
    super(String.join("\n", problems));
  }
}
