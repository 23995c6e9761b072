package dev.hearth.runtime.spec;

import dev.hearth.runtime.model.EnvironmentVariable;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A process's variables, in the order they were first given. */
final class Environment {
  /** Where programs are looked for when nobody says: the peers' list. */
  private static final String DEFAULT_PATH =
      "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

  private static final String PATH = "PATH";
  private static final String HOME = "HOME";

  private final Map<String, String> variables = new LinkedHashMap<>();

  private Environment() {}

  /**
   * Defaults, then the image's, then the request's, each over the one before. HOME is the user's
   * unless somebody sets it.
   *
   * @param image entries NAME=value, from a stranger: those without a name are passed over
   * @param removed variables that there are not to be unless the request sets them
   */
  static Environment of(
      String hostName,
      boolean terminal,
      String home,
      List<String> image,
      Set<String> removed,
      List<EnvironmentVariable> request) {
    Environment environment = new Environment();
    environment.variables.put(PATH, DEFAULT_PATH);
    if (terminal) {
      environment.variables.put("TERM", "xterm");
    }
    environment.variables.put("HOSTNAME", hostName);
    for (String entry : image) {
      int equals = entry.indexOf('=');
      if (equals > 0 && entry.indexOf('\0') < 0) {
        environment.variables.put(entry.substring(0, equals), entry.substring(equals + 1));
      }
    }
    environment.variables.keySet().removeAll(removed);
    request.forEach(v -> environment.variables.put(v.key(), v.value()));
    if (!removed.contains(HOME)) {
      environment.variables.putIfAbsent(HOME, home);
    }
    return environment;
  }

  String searchPath() {
    return variables.getOrDefault(PATH, DEFAULT_PATH);
  }

  List<String> entries() {
    return variables.entrySet().stream().map(e -> e.getKey() + "=" + e.getValue()).toList();
  }
}
