package dev.hearth.kubernetes;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** The API of a cluster, for any number of threads. */
public final class KubeApi implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  private final HttpClient http;
  private final URI server;
  private final String token;

  /**
   * A client.
   *
   * @param certificates the server's, in PEM
   */
  KubeApi(URI server, String token, Path certificates) throws IOException {
    this.http = HttpClient.newBuilder().sslContext(trusting(certificates)).build();
    this.server = server;
    this.token = token;
  }

  private static SSLContext trusting(Path certificates) throws IOException {
    try (InputStream in = Files.newInputStream(certificates)) {
      KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
      trusted.load(null, null);
      int number = 0;
      for (Certificate each : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
        trusted.setCertificateEntry("server-" + number++, each);
      }
      var managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      managers.init(trusted);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, managers.getTrustManagers(), null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IOException("the certificates in " + certificates + " are of no use", e);
    }
  }

  /** Whether the server says that it is ready. */
  boolean isReady() {
    try {
      return exchange(request("/readyz").GET().build()).statusCode() == 200;
    } catch (IOException e) {
      return false;
    }
  }

  Doc get(String path) {
    return Doc.parse(text(path));
  }

  /** The object at a path, if there is one. */
  Optional<Doc> find(String path) {
    HttpResponse<String> answer = send(request(path).GET().build());
    return answer.statusCode() == 404
        ? Optional.empty()
        : Optional.of(Doc.parse(body(path, answer)));
  }

  /** What is at a path, whatever it is. */
  String text(String path) {
    return body("GET " + path, send(request(path).GET().build()));
  }

  /** Makes an object, given in YAML, in the collection at {@code path}. */
  Doc create(String path, String yaml) {
    var post = request(path).header("Content-Type", "application/yaml");
    return Doc.parse(body("POST " + path, send(post.POST(BodyPublishers.ofString(yaml)).build())));
  }

  /** Changes an object by a strategic merge of {@code json} into it. */
  Doc patch(String path, String json) {
    var patch = request(path).header("Content-Type", "application/strategic-merge-patch+json");
    return Doc.parse(
        body("PATCH " + path, send(patch.method("PATCH", BodyPublishers.ofString(json)).build())));
  }

  /** Asks for an object, or all in a collection, to be deleted; nothing if it is gone. */
  void delete(String path) {
    HttpResponse<String> answer = send(request(path).DELETE().build());
    if (answer.statusCode() != 404) {
      body("DELETE " + path, answer);
    }
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(server.resolve(path))
        .timeout(LIMIT)
        .header("Authorization", "Bearer " + token);
  }

  private static String body(String what, HttpResponse<String> answer) {
    if (answer.statusCode() / 100 != 2) {
      throw new AssertionError(what + ": " + answer.statusCode() + " " + answer.body());
    }
    return answer.body();
  }

  private HttpResponse<String> send(HttpRequest request) {
    try {
      return exchange(request);
    } catch (IOException e) {
      throw new AssertionError(request.method() + " " + request.uri() + " failed", e);
    }
  }

  private HttpResponse<String> exchange(HttpRequest request) throws IOException {
    try {
      return http.send(request, BodyHandlers.ofString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  @Override
  public void close() {
    http.shutdownNow();
  }
}
