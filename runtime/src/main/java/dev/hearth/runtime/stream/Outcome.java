package dev.hearth.runtime.stream;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.nio.charset.StandardCharsets;

/** How an exec or attach ended, as its client is told on the error stream. */
sealed interface Outcome {
  /** The command ended with 0, or the container that was attached to ended. */
  record Success() implements Outcome {}

  /** The command ended with another code, 1 to 255. */
  record ExitCode(int code) implements Outcome {}

  /** It could not be done, or not to the end. */
  record Failed(String message) implements Outcome {}

  /** Of a command that ended by itself. */
  static Outcome ofExit(int code) {
    return code == 0 ? new Success() : new ExitCode(code);
  }

  /** What goes on the error stream; may be empty. */
  default byte[] told(CommandProtocol protocol) {
    String text = protocol.hasStatus() ? status().toString() : plainText();
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private String plainText() {
    return switch (this) {
      case Success _ -> "";
      case ExitCode(int code) -> exited(code);
      case Failed(String message) -> message;
    };
  }

  private static String exited(int code) {
    return "command terminated with non-zero exit code: exit status " + code;
  }

  /** A Status of meta/v1, of which clients read status, reason, message and the cause. */
  private JsonObject status() {
    JsonObject status = new JsonObject();
    status.add("metadata", new JsonObject());
    switch (this) {
      case Success _ -> status.addProperty("status", "Success");
      case ExitCode(int code) -> {
        status.addProperty("status", "Failure");
        status.addProperty("message", exited(code));
        status.addProperty("reason", "NonZeroExitCode");
        status.add("details", exitCause(code));
      }
      case Failed(String message) -> {
        status.addProperty("status", "Failure");
        status.addProperty("message", message);
        status.addProperty("reason", "InternalError");
        status.addProperty("code", 500);
      }
    }
    return status;
  }

  private static JsonObject exitCause(int code) {
    JsonObject cause = new JsonObject();
    cause.addProperty("reason", "ExitCode");
    cause.addProperty("message", Integer.toString(code));
    JsonArray causes = new JsonArray();
    causes.add(cause);
    JsonObject details = new JsonObject();
    details.add("causes", causes);
    return details;
  }
}
