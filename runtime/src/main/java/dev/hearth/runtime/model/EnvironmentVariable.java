package dev.hearth.runtime.model;

/** One variable of a process's environment. */
public record EnvironmentVariable(String key, String value) {
  public EnvironmentVariable {
    if (key.isEmpty() || key.indexOf('=') >= 0) {
      throw new HearthException.InvalidRequest("bad environment variable name: '" + key + "'");
    }
    Checks.noNul("environment variable name", key);
    Checks.noNul("environment variable " + key, value);
  }
}
