package dev.hearth.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.hearth.linux.Fd;
import dev.hearth.linux.LinuxException;
import dev.hearth.linux.Terminals;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * The streams of one command, over a WebSocket in the protocol of kubectl, version 5. Output goes
 * out as it comes, from the WebSocket's thread; input and the terminal's size go in from threads of
 * their own.
 */
final class ExecStreams implements WebSocket.Listener {
  private static final String PROTOCOL = "v5.channel.k8s.io";
  private static final int STDIN = 0;
  private static final int STDOUT = 1;
  private static final int STDERR = 2;
  private static final int STATUS = 3;
  private static final int RESIZE = 4;
  private static final int CLOSE = 255;
  private static final int NONE = -1;

  /** How soon a change of the terminal's size is seen. */
  private static final Duration LOOK = Duration.ofMillis(250);

  private final Shell shell;
  private final CompletableFuture<Boolean> ended = new CompletableFuture<>();
  private final ByteArrayOutputStream status = new ByteArrayOutputStream();

  /** Of the message under way. */
  private int channel = NONE;

  private ExecStreams(Shell shell) {
    this.shell = shell;
  }

  /**
   * Connects and stays until the command has ended.
   *
   * @param input what to send, if anything
   * @param terminal whose size the command is to have, if it has a terminal
   * @return the command's code
   */
  static int run(String url, Shell shell, Optional<InputStream> input, Optional<Fd> terminal) {
    var streams = new ExecStreams(shell);
    URI uri = URI.create(url.replaceFirst("^http", "ws"));
    try (HttpClient http = HttpClient.newHttpClient()) {
      WebSocket socket =
          http.newWebSocketBuilder().subprotocols(PROTOCOL).buildAsync(uri, streams).join();
      input.ifPresent(in -> background("input", () -> streams.sendAll(in, socket)));
      terminal.ifPresent(fd -> background("size", () -> streams.sendSizes(fd, socket)));
      var _ = streams.ended.join();
      socket.abort();
      http.shutdownNow();
      return streams.code();
    } catch (CompletionException e) {
      throw CommandFailure.failed("the streams of the command broke off: " + e.getCause(), e);
    }
  }

  private static void background(String name, Runnable task) {
    Thread.ofPlatform().daemon().name(name).start(task);
  }

  private void sendAll(InputStream in, WebSocket socket) {
    byte[] bytes = new byte[1 << 15];
    try {
      for (int count = in.read(bytes); count >= 0; count = in.read(bytes)) {
        send(socket, STDIN, ByteBuffer.wrap(bytes, 0, count));
      }
      send(socket, CLOSE, ByteBuffer.wrap(new byte[] {STDIN}));
    } catch (IOException | CompletionException e) {
      // The command has ended, or its end will be told.
    }
  }

  private void sendSizes(Fd terminal, WebSocket socket) {
    Terminals.Size known = new Terminals.Size(0, 0);
    try {
      while (!ended.isDone()) {
        Terminals.Size size = Terminals.size(terminal).orElse(known);
        if (!size.equals(known)) {
          known = size;
          var json = "{\"Width\":%d,\"Height\":%d}".formatted(size.columns(), size.rows());
          send(socket, RESIZE, ByteBuffer.wrap(json.getBytes(UTF_8)));
        }
        Thread.sleep(LOOK);
      }
    } catch (LinuxException | CompletionException e) {
      // It keeps the size it has.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** One message after the other, as WebSocket wants it. */
  private synchronized void send(WebSocket socket, int to, ByteBuffer bytes) {
    ByteBuffer message =
        ByteBuffer.allocate(1 + bytes.remaining()).put((byte) to).put(bytes).flip();
    var _ = socket.sendBinary(message, true).join();
  }

  @Override
  public @Nullable CompletionStage<?> onBinary(WebSocket socket, ByteBuffer data, boolean last) {
    if (channel == NONE && data.hasRemaining()) {
      channel = data.get() & 0xFF;
    }
    byte[] bytes = new byte[data.remaining()];
    data.get(bytes);
    switch (channel) {
      case STDOUT -> {
        shell.out().write(bytes, 0, bytes.length);
        shell.out().flush();
      }
      case STDERR -> {
        shell.err().write(bytes, 0, bytes.length);
        shell.err().flush();
      }
      case STATUS -> status.write(bytes, 0, bytes.length);
      default -> {}
    }
    if (last) {
      channel = NONE;
    }
    socket.request(1);
    return null;
  }

  @Override
  public @Nullable CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
    ended.complete(true);
    return null;
  }

  @Override
  public void onError(WebSocket socket, Throwable error) {
    ended.completeExceptionally(error);
  }

  private int code() {
    String text = status.toString(UTF_8);
    try {
      JsonObject told = JsonParser.parseString(text).getAsJsonObject();
      if (told.get("status").getAsString().equals("Success")) {
        return ExitCode.OK;
      }
      if (told.has("details")) {
        JsonElement cause = told.getAsJsonObject("details").getAsJsonArray("causes").get(0);
        return Integer.parseInt(cause.getAsJsonObject().get("message").getAsString());
      }
      throw CommandFailure.failed(told.get("message").getAsString());
    } catch (JsonParseException | IllegalStateException | NullPointerException e) {
      throw CommandFailure.failed("the daemon did not say how the command ended: " + text, e);
    }
  }
}
