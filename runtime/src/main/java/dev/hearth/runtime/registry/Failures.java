package dev.hearth.runtime.registry;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import dev.hearth.runtime.registry.RegistryException.Denied;
import dev.hearth.runtime.registry.RegistryException.NotFound;
import dev.hearth.runtime.registry.RegistryException.ProtocolViolation;
import dev.hearth.runtime.registry.RegistryException.Unreachable;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.Optional;

/** What the status of an answer means. */
final class Failures {
  private static final int MAX_BODY = 8192;

  private Failures() {}

  /** What failed, in a registry's own words; empty if it has none. */
  static String words(Http.Answer answer) {
    byte[] bytes;
    try {
      bytes = answer.body().readNBytes(MAX_BODY);
    } catch (IOException e) {
      return "";
    }
    Optional<JsonObject> json = StrictJson.object(bytes);
    return json.isPresent()
            && json.get().get("errors") instanceof JsonArray errors
            && !errors.isEmpty()
            && errors.get(0) instanceof JsonObject error
            && error.get("message") instanceof JsonPrimitive message
        ? Text.printable(message.getAsString())
        : "";
  }

  /**
   * The exception for an answer that is no success.
   *
   * @param subject who answered, and about what
   * @return never; it is declared so that callers can throw it
   */
  static RegistryException of(String subject, Http.Answer answer, String words)
      throws Retry.TryAgain {
    int status = answer.status();
    String message = subject + ": " + (words.isEmpty() ? "status " + status : words);
    if (answer.elsewhere() && (status == 400 || status == 401 || status == 403)) {
      // A signed URL that has run out; the registry signs another.
      throw new Retry.TryAgain(
          new Unreachable(message + " (from the storage it redirects to)", null), Duration.ZERO);
    }
    if (status == 429 || status == 408 || (status >= 500 && status != 501 && status != 505)) {
      String hint = status == 429 ? " (too many requests: it limits their rate)" : "";
      throw new Retry.TryAgain(
          new Unreachable(message + hint + "; try again later", null), retryAfter(answer));
    }
    return switch (status) {
      case 401, 403 ->
          new Denied(
              message
                  + " (status "
                  + status
                  + "): the repository does not exist or needs other credentials");
      case 404 -> new NotFound(message.contains("not found") ? message : message + " (not found)");
      default -> new ProtocolViolation(message + " (status " + status + ")");
    };
  }

  /** Seconds, or a date (RFC 9110 section 10.2.3). */
  private static Duration retryAfter(Http.Answer answer) {
    String value = answer.header("retry-after").strip();
    try {
      if (value.matches("[0-9]{1,9}")) {
        return Duration.ofSeconds(Long.parseLong(value));
      }
      if (!value.isEmpty()) {
        Instant then = Instant.from(DateTimeFormatter.RFC_1123_DATE_TIME.parse(value));
        // By the registry's clock where it tells, ours may be wrong.
        String date = answer.header("date");
        Instant now =
            date.isEmpty() ? then : Instant.from(DateTimeFormatter.RFC_1123_DATE_TIME.parse(date));
        Duration wait = Duration.between(now, then);
        return wait.isNegative() ? Duration.ZERO : wait;
      }
    } catch (DateTimeException e) {
      return Duration.ZERO;
    }
    return Duration.ZERO;
  }
}
