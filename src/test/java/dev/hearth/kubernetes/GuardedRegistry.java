package dev.hearth.kubernetes;

import com.sun.net.httpserver.BasicAuthenticator;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Shows another registry, for reading, to those who know user and password. */
final class GuardedRegistry implements AutoCloseable {
  static final String USER = "puller";
  static final String PASSWORD = "secret-of-the-puller";

  /** What a client of a registry needs to see. */
  private static final List<String> HEADERS =
      List.of("Content-Type", "Docker-Content-Digest", "Docker-Distribution-Api-Version");

  private final HttpClient http = HttpClient.newHttpClient();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final HttpServer server;
  private final String behind;

  private GuardedRegistry(HttpServer server, String behind) {
    this.server = server;
    this.behind = behind;
  }

  /** Starts at a free port in front of the registry at {@code behind}, {@code HOST:PORT}. */
  static GuardedRegistry start(String behind) throws IOException {
    var address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    var guarded = new GuardedRegistry(HttpServer.create(address, 0), behind);
    guarded.server.setExecutor(guarded.threads);
    guarded
        .server
        .createContext("/", guarded::pass)
        .setAuthenticator(
            new BasicAuthenticator("registry", StandardCharsets.UTF_8) {
              @Override
              public boolean checkCredentials(String user, String password) {
                return user.equals(USER) && password.equals(PASSWORD);
              }
            });
    guarded.server.start();
    return guarded;
  }

  /** {@code 127.0.0.1:PORT}, as it stands in front of an image's name. */
  String host() {
    return "127.0.0.1:" + server.getAddress().getPort();
  }

  private void pass(HttpExchange exchange) throws IOException {
    try (exchange) {
      HttpRequest.Builder request =
          HttpRequest.newBuilder(URI.create("http://" + behind + exchange.getRequestURI()))
              .method(exchange.getRequestMethod(), BodyPublishers.noBody());
      exchange.getRequestHeaders().getOrDefault("Accept", List.of()).stream()
          .forEach(accepted -> request.header("Accept", accepted));
      HttpResponse<InputStream> answer = http.send(request.build(), BodyHandlers.ofInputStream());
      try (InputStream body = answer.body()) {
        byte[] content = body.readAllBytes();
        for (String header : HEADERS) {
          answer
              .headers()
              .firstValue(header)
              .ifPresent(value -> exchange.getResponseHeaders().set(header, value));
        }
        exchange.sendResponseHeaders(
            answer.statusCode(), content.length == 0 ? -1 : content.length);
        if (content.length > 0) {
          exchange.getResponseBody().write(content);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
    http.shutdownNow();
  }
}
