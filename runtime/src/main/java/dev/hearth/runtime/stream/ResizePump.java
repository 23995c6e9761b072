package dev.hearth.runtime.stream;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.hearth.shim.WindowSize;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * Reads the sizes of a client's terminal, objects like {@code {"Width":80,"Height":24}}, one after
 * the other and cut anywhere.
 */
final class ResizePump {
  /** Longer than any size; a client that sends one without an end is not listened to any more. */
  private static final int LONGEST = 1024;

  /** What is done with a size. */
  interface Resizing {
    void resize(WindowSize size) throws Exception;
  }

  private ResizePump() {}

  /** Begins to read, on a virtual thread that ends with the stream. */
  static void start(ClientStream from, Resizing resizing) {
    Thread.ofVirtual()
        .name("stream-resize")
        .start(() -> {
          try {
            run(from, resizing);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          } catch (Exception e) {
            // Whatever had the terminal is gone.
          } finally {
            from.discardInput();
          }
        });
  }

  private static void run(ClientStream from, Resizing resizing) throws Exception {
    byte[] bytes = new byte[LONGEST];
    StringBuilder text = new StringBuilder();
    for (int count = from.read(bytes); count >= 0; count = from.read(bytes)) {
      text.append(new String(bytes, 0, count, StandardCharsets.US_ASCII));
      for (int end = text.indexOf("}"); end >= 0; end = text.indexOf("}")) {
        Optional<WindowSize> size = parse(text.substring(0, end + 1));
        text.delete(0, end + 1);
        if (size.isPresent()) {
          resizing.resize(size.get());
        }
      }
      if (text.length() > LONGEST) {
        return;
      }
    }
  }

  /** Empty if it is no size. */
  static Optional<WindowSize> parse(String text) {
    try {
      JsonObject size = JsonParser.parseString(text).getAsJsonObject();
      return Optional.of(
          new WindowSize(size.get("Height").getAsInt(), size.get("Width").getAsInt()));
    } catch (JsonParseException
        | IllegalStateException
        | IllegalArgumentException
        | UnsupportedOperationException
        | NullPointerException e) {
      return Optional.empty();
    }
  }
}
