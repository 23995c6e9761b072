package dev.hearth.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** A client of exec and attach over WebSocket, whose messages begin with their channel. */
public final class WebSocketClient implements AutoCloseable {
  private static final int LIMIT_SECONDS = 60;

  private final HttpClient http = HttpClient.newHttpClient();
  private final Channels channels = new Channels();
  private final WebSocket socket;

  private WebSocketClient(URI uri, String protocol) throws IOException, InterruptedException {
    try {
      socket =
          http.newWebSocketBuilder()
              .subprotocols(protocol)
              .buildAsync(uri, channels)
              .get(LIMIT_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      http.close();
      throw new IOException("no WebSocket to " + uri, e);
    }
  }

  /** Connects to an address that the runtime gave. */
  public static WebSocketClient connect(String url, String protocol)
      throws IOException, InterruptedException {
    return new WebSocketClient(URI.create(url.replaceFirst("^http", "ws")), protocol);
  }

  public void send(int channel, byte[] bytes) throws IOException, InterruptedException {
    await(socket.sendBinary(message(channel, bytes), true));
  }

  /** Sends one message in several frames. */
  public void sendInPieces(int channel, byte[] first, byte[]... rest)
      throws IOException, InterruptedException {
    await(socket.sendBinary(message(channel, first), false));
    for (int i = 0; i < rest.length; i++) {
      await(socket.sendBinary(ByteBuffer.wrap(rest[i]), i == rest.length - 1));
    }
  }

  private static ByteBuffer message(int channel, byte[] bytes) {
    return ByteBuffer.allocate(1 + bytes.length).put((byte) channel).put(bytes).flip();
  }

  private static <T> T await(CompletableFuture<T> future) throws IOException, InterruptedException {
    try {
      return future.get(LIMIT_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new IOException("the WebSocket failed", e);
    }
  }

  /** Waits until the server closes. */
  public void awaitClose() throws IOException, InterruptedException {
    var _ = await(channels.closed);
  }

  /** What the server gave as its reason to close. */
  public int closeStatus() throws IOException, InterruptedException {
    return await(channels.closed);
  }

  /** Waits until what has come on a channel contains this. */
  public void awaitText(int channel, String wanted) {
    Await.until(
        () -> "\"" + wanted + "\" in: " + text(channel),
        Duration.ofSeconds(LIMIT_SECONDS),
        () -> text(channel).contains(wanted));
  }

  /** What has come on a channel. */
  public String text(int channel) {
    return new String(bytes(channel), UTF_8);
  }

  /** What has come on a channel. */
  public byte[] bytes(int channel) {
    ByteArrayOutputStream bytes = channels.received.get(channel);
    return bytes == null ? new byte[0] : bytes.toByteArray();
  }

  @Override
  public void close() {
    socket.abort();
    http.shutdownNow();
    http.close();
  }

  private static final class Channels implements WebSocket.Listener {
    final CompletableFuture<Integer> closed = new CompletableFuture<>();
    final ConcurrentMap<Integer, ByteArrayOutputStream> received = new ConcurrentHashMap<>();

    /** The channel of the message under way; -1 between messages. */
    private int current = -1;

    @Override
    public @Nullable CompletionStage<?> onBinary(WebSocket socket, ByteBuffer data, boolean last) {
      if (current < 0 && data.hasRemaining()) {
        current = data.get() & 0xFF;
      }
      byte[] bytes = new byte[data.remaining()];
      data.get(bytes);
      received
          .computeIfAbsent(current, _ -> new ByteArrayOutputStream())
          .write(bytes, 0, bytes.length);
      if (last) {
        current = -1;
      }
      socket.request(1);
      return null;
    }

    @Override
    public @Nullable CompletionStage<?> onClose(WebSocket socket, int status, String reason) {
      closed.complete(status);
      return null;
    }

    @Override
    public void onError(WebSocket socket, Throwable error) {
      closed.completeExceptionally(error);
    }
  }
}
