package dev.hearth.runtime.registry;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.hearth.runtime.model.Digest;
import dev.hearth.runtime.model.Sha256;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A registry on loopback that fails on demand. It serves what it was given, and before that the
 * faults queued for a path, one a request.
 */
public final class FakeRegistry implements PushTarget {
  private final HttpServer server;
  private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
  private final Map<String, Content> contents = new ConcurrentHashMap<>();
  private final Map<String, Deque<Fault>> faults = new ConcurrentHashMap<>();
  private final List<Seen> seen = new CopyOnWriteArrayList<>();
  private final CountDownLatch closing = new CountDownLatch(1);

  /** Answers instead of the registry, given what that would have answered. */
  @FunctionalInterface
  public interface Fault {
    void answer(HttpExchange exchange, byte[] content) throws IOException;
  }

  /** A request that came in. */
  public record Seen(String method, String path, Map<String, List<String>> headers) {
    public String header(String name) {
      return headers.entrySet().stream()
          .filter(e -> e.getKey().equalsIgnoreCase(name))
          .map(e -> String.join(",", e.getValue()))
          .findFirst()
          .orElse("");
    }
  }

  private static final class Content {
    final String type;
    final byte[] bytes;

    Content(String type, byte[] bytes) {
      this.type = type;
      this.bytes = bytes;
    }
  }

  /** Looks at each request first; a value is the WWW-Authenticate header of a 401 answer. */
  public volatile Function<Seen, Optional<String>> guard = seen -> Optional.empty();

  public FakeRegistry() {
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.setExecutor(executor);
    server.createContext("/", this::handle);
    server.start();
  }

  @Override
  public String domain() {
    return "127.0.0.1:" + server.getAddress().getPort();
  }

  public String url() {
    return "http://" + domain();
  }

  @Override
  public Digest blob(String repository, byte[] bytes) {
    Digest digest = Sha256.of(bytes);
    serve("/v2/" + repository + "/blobs/" + digest, "application/octet-stream", bytes);
    return digest;
  }

  @Override
  public Digest manifest(String repository, String tag, String type, byte[] bytes) {
    Digest digest = Sha256.of(bytes);
    serve("/v2/" + repository + "/manifests/" + digest, type, bytes);
    serve("/v2/" + repository + "/manifests/" + tag, type, bytes);
    return digest;
  }

  public void serve(String path, String type, byte[] bytes) {
    contents.put(path, new Content(type, bytes));
  }

  public void remove(String path) {
    contents.remove(path);
  }

  /** Queues faults for the next requests of a path. */
  public void fault(String path, Fault... next) {
    faults.computeIfAbsent(path, p -> new ArrayDeque<>()).addAll(List.of(next));
  }

  /** What came in so far. */
  public List<Seen> seen() {
    return List.copyOf(seen);
  }

  /** Requests for a path so far. */
  public List<Seen> seen(String path) {
    return seen.stream().filter(s -> s.path().equals(path)).toList();
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      String path = exchange.getRequestURI().getPath();
      exchange.getRequestBody().readAllBytes();
      Seen request =
          new Seen(
              exchange.getRequestMethod(),
              exchange.getRequestURI().toString(),
              Map.copyOf(exchange.getRequestHeaders()));
      seen.add(request);
      Optional<String> challenge = guard.apply(request);
      if (challenge.isPresent()) {
        exchange.getResponseHeaders().add("WWW-Authenticate", challenge.get());
        status(401).answer(exchange, new byte[0]);
        return;
      }
      Content content = contents.get(path);
      Fault fault = nextFault(path);
      if (fault != null) {
        fault.answer(exchange, content == null ? new byte[0] : content.bytes);
      } else if (content == null) {
        status(404).answer(exchange, new byte[0]);
      } else {
        serve(exchange, content);
      }
    }
  }

  private @Nullable Fault nextFault(String path) {
    Deque<Fault> queue = faults.get(path);
    if (queue == null) {
      return null;
    }
    synchronized (queue) {
      return queue.poll();
    }
  }

  private static void serve(HttpExchange exchange, Content content) throws IOException {
    exchange.getResponseHeaders().set("Content-Type", content.type);
    exchange.getResponseHeaders().set("Docker-Content-Digest", Sha256.of(content.bytes).toString());
    if (exchange.getRequestMethod().equals("HEAD")) {
      exchange.getResponseHeaders().set("Content-Length", "" + content.bytes.length);
      exchange.sendResponseHeaders(200, -1);
      return;
    }
    int from = from(exchange);
    byte[] part = Arrays.copyOfRange(content.bytes, from, content.bytes.length);
    if (exchange.getRequestHeaders().containsKey("Range")) {
      exchange
          .getResponseHeaders()
          .set(
              "Content-Range",
              "bytes " + from + "-" + (content.bytes.length - 1) + "/" + content.bytes.length);
    }
    send(exchange, exchange.getRequestHeaders().containsKey("Range") ? 206 : 200, part);
  }

  private static int from(HttpExchange exchange) {
    String range = exchange.getRequestHeaders().getFirst("Range");
    return range == null ? 0 : Integer.parseInt(range.replaceAll("bytes=([0-9]+)-", "$1"));
  }

  private static void send(HttpExchange exchange, int status, byte[] bytes) throws IOException {
    exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
    if (bytes.length > 0) {
      exchange.getResponseBody().write(bytes);
    }
  }

  /** Answers with a status and header pairs. */
  public static Fault status(int status, String... headers) {
    return (exchange, content) -> {
      for (int i = 0; i < headers.length; i += 2) {
        exchange.getResponseHeaders().set(headers[i], headers[i + 1]);
      }
      boolean head = exchange.getRequestMethod().equals("HEAD");
      send(
          exchange,
          status,
          head ? new byte[0] : "{\"errors\":[{\"message\":\"as told\"}]}".getBytes(UTF_8));
    };
  }

  public static Fault redirect(String location) {
    return status(307, "Location", location);
  }

  /** Announces all that was asked for, and breaks off after so many bytes of it. */
  public static Fault cut(int bytes) {
    return (exchange, content) -> {
      int from = from(exchange);
      partial(exchange, content.length, from);
      exchange.getResponseBody().write(content, from, Math.min(bytes, content.length - from));
      exchange.getResponseBody().flush();
    };
  }

  /** Announces all, sends so many bytes of it, and then nothing more. */
  public Fault stall(int bytes) {
    return (exchange, content) -> {
      int from = from(exchange);
      partial(exchange, content.length, from);
      exchange.getResponseBody().write(content, from, Math.min(bytes, content.length - from));
      exchange.getResponseBody().flush();
      awaitClosing();
    };
  }

  /** Announces all, and sends a byte now and then. */
  public Fault drip() {
    return (exchange, content) -> {
      int from = from(exchange);
      partial(exchange, content.length, from);
      for (int i = from; i < content.length && !isClosing(); i++) {
        exchange.getResponseBody().write(content[i]);
        exchange.getResponseBody().flush();
      }
    };
  }

  private boolean isClosing() {
    try {
      return closing.await(20, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      return true;
    }
  }

  private static void partial(HttpExchange exchange, int length, int from) throws IOException {
    if (exchange.getRequestHeaders().containsKey("Range")) {
      exchange
          .getResponseHeaders()
          .set("Content-Range", "bytes " + from + "-" + (length - 1) + "/" + length);
      exchange.sendResponseHeaders(206, length - from);
    } else {
      exchange.sendResponseHeaders(200, length);
    }
  }

  private void awaitClosing() {
    try {
      closing.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Answers 200 with other bytes of another length than those asked for. */
  public static Fault bytes(byte[] other) {
    return (exchange, content) -> send(exchange, 200, other);
  }

  /** Sends bytes without saying how many, chunked. */
  public static Fault chunked(byte[] other) {
    return (exchange, content) -> {
      exchange.sendResponseHeaders(200, 0);
      exchange.getResponseBody().write(other);
      exchange.getResponseBody().close();
    };
  }

  @Override
  public void close() {
    closing.countDown();
    server.stop(0);
    executor.shutdownNow();
  }
}
