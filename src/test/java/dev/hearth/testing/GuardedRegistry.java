package dev.hearth.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Stands in front of another registry and lets in only who identifies himself: the user {@value
 * #USER} with his password, the holder of an identity token, or of the registry's own token.
 */
public final class GuardedRegistry implements AutoCloseable {
  public static final String USER = "keeper";
  public static final String PASSWORD = "pass:word";
  public static final String IDENTITY = "identity.of-the-keeper";
  public static final String TOKEN = "token.of-the-registry";

  /** What the registry asks for. */
  public enum Scheme {
    /** User and password with every request, RFC 7617. */
    BASIC,
    /** A token, which a service beside the registry gives, RFC 6750. */
    BEARER
  }

  private final HttpClient http = HttpClient.newHttpClient();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final LoopbackRegistry behind;
  private final Scheme scheme;
  private final HttpServer server;

  private GuardedRegistry(LoopbackRegistry behind, Scheme scheme, HttpServer server) {
    this.behind = behind;
    this.scheme = scheme;
    this.server = server;
  }

  /** Starts one on a free port of the loopback device. */
  public static GuardedRegistry start(LoopbackRegistry behind, Scheme scheme) throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    var registry = new GuardedRegistry(behind, scheme, server);
    server.setExecutor(registry.threads);
    server.createContext("/token", registry::giveToken);
    server.createContext("/v2/", registry::guard);
    server.start();
    return registry;
  }

  /** {@code 127.0.0.1:PORT}, as it stands in front of an image's name. */
  public String host() {
    return "127.0.0.1:" + server.getAddress().getPort();
  }

  private void giveToken(HttpExchange exchange) throws IOException {
    try (exchange) {
      String form = new String(exchange.getRequestBody().readAllBytes(), UTF_8);
      boolean known =
          exchange.getRequestMethod().equals("POST")
              ? List.of(form.split("&", -1)).contains("refresh_token=" + IDENTITY)
              : basic().equals(exchange.getRequestHeaders().getFirst("Authorization"));
      byte[] answer = ("{\"access_token\":\"" + TOKEN + "\"}").getBytes(UTF_8);
      exchange.sendResponseHeaders(known ? 200 : 401, known ? answer.length : -1);
      if (known) {
        exchange.getResponseBody().write(answer);
      }
    }
  }

  private static String basic() {
    return "Basic " + Base64.getEncoder().encodeToString((USER + ":" + PASSWORD).getBytes(UTF_8));
  }

  private void guard(HttpExchange exchange) throws IOException {
    try (exchange) {
      String wanted =
          switch (scheme) {
            case BASIC -> basic();
            case BEARER -> "Bearer " + TOKEN;
          };
      if (wanted.equals(exchange.getRequestHeaders().getFirst("Authorization"))) {
        forward(exchange);
        return;
      }
      exchange
          .getResponseHeaders()
          .set(
              "WWW-Authenticate",
              switch (scheme) {
                case BASIC -> "Basic realm=\"registry\"";
                case BEARER -> "Bearer realm=\"http://" + host() + "/token\",service=\"registry\"";
              });
      exchange.sendResponseHeaders(401, -1);
    }
  }

  private void forward(HttpExchange exchange) throws IOException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://" + behind.host() + exchange.getRequestURI()))
            .method(exchange.getRequestMethod(), HttpRequest.BodyPublishers.noBody());
    for (String name : List.of("Accept", "Range")) {
      exchange
          .getRequestHeaders()
          .getOrDefault(name, List.of())
          .forEach(value -> request.header(name, value));
    }
    HttpResponse<byte[]> response = send(request.build());
    for (String name : List.of("Content-Type", "Content-Range", "Docker-Content-Digest")) {
      response
          .headers()
          .firstValue(name)
          .ifPresent(value -> exchange.getResponseHeaders().set(name, value));
    }
    if (exchange.getRequestMethod().equals("HEAD")) {
      response
          .headers()
          .firstValue("Content-Length")
          .ifPresent(value -> exchange.getResponseHeaders().set("Content-Length", value));
      exchange.sendResponseHeaders(response.statusCode(), -1);
      return;
    }
    byte[] body = response.body();
    exchange.sendResponseHeaders(response.statusCode(), body.length == 0 ? -1 : body.length);
    exchange.getResponseBody().write(body);
  }

  private HttpResponse<byte[]> send(HttpRequest request) throws IOException {
    try {
      return http.send(request, HttpResponse.BodyHandlers.ofByteArray());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted during " + request, e);
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.close();
    http.close();
  }
}
