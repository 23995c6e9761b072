package dev.hearth.runtime.registry;

import java.net.http.HttpRequest;
import java.util.List;

/** Which headers an operator may add to requests. */
final class Headers {
  private Headers() {}

  /** Whether HttpClient takes it; it refuses those by which it runs the connection. */
  static boolean mayBeSet(String name, List<String> values) {
    try {
      HttpRequest.Builder builder = HttpRequest.newBuilder();
      for (String value : values) {
        builder.header(name, value);
      }
      return true;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }
}
