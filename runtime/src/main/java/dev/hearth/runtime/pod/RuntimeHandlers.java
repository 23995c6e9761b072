package dev.hearth.runtime.pod;

import dev.hearth.runtime.model.HearthException;
import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;

/**
 * The ways of running a pod that a request may name, and what each can do. The one place that
 * answers whether a handler exists.
 */
public final class RuntimeHandlers {
  /** What a request that names none means. */
  public static final String DEFAULT = "";

  /** What a handler makes of its pods. Another way of running them is another record here. */
  public sealed interface Way {
    /** They are what the request says. */
    record Plain() implements Way {}

    /** Those whose request has no user namespace get one. */
    record OwnUsers(UserRanges ranges) implements Way {}
  }

  /**
   * One of them.
   *
   * @param name empty for the default
   * @param recursiveReadOnly whether a mount can be made read-only with all below it
   * @param userNamespaces whether pods can have user namespaces
   */
  public record Handler(String name, Way way, boolean recursiveReadOnly, boolean userNamespaces) {}

  private final Map<String, Handler> handlers = new TreeMap<>();

  public RuntimeHandlers(Collection<Handler> handlers) {
    handlers.forEach(handler -> this.handlers.put(handler.name(), handler));
  }

  /** In the order of their names; the default one is first. */
  public Collection<Handler> all() {
    return handlers.values();
  }

  /**
   * By its name.
   *
   * @throws HearthException.InvalidRequest if there is none
   */
  public Handler require(String name) {
    Handler handler = handlers.get(name);
    if (handler == null) {
      throw new HearthException.InvalidRequest(
          "no runtime handler is called '"
              + name
              + "'; there are: "
              + String.join(", ", handlers.keySet().stream().filter(n -> !n.isEmpty()).toList()));
    }
    return handler;
  }
}
