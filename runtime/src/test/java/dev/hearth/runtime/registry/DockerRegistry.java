package dev.hearth.runtime.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hearth.runtime.model.Digest;
import dev.hearth.runtime.model.Sha256;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * Debian's docker-registry on a free port of loopback, with its data in a directory of the test's.
 */
public final class DockerRegistry implements PushTarget {
  private static final Path PROGRAM = Path.of("/usr/bin/docker-registry");

  private final HttpClient http = HttpClient.newHttpClient();
  private final Process process;
  private final String domain;

  private DockerRegistry(Process process, String domain) {
    this.process = process;
    this.domain = domain;
  }

  /** Starts one; skips the test where the package is not installed, unless in CI. */
  public static DockerRegistry start(Path directory) throws IOException, InterruptedException {
    return start(directory, "");
  }

  /**
   * @param extra more lines of its configuration
   */
  public static DockerRegistry start(Path directory, String extra)
      throws IOException, InterruptedException {
    if (System.getenv("CI") == null) {
      assumeTrue(Files.isExecutable(PROGRAM), "docker-registry is not installed");
    }
    String domain = "127.0.0.1:" + freePort();
    Path config =
        Files.writeString(
            directory.resolve("registry.yml"),
            """
            version: 0.1
            log: {level: error}
            storage:
              filesystem: {rootdirectory: %s}
            http: {addr: "%s"}
            %s
            """
                .formatted(directory.resolve("registry-data"), domain, extra));
    Process process =
        new ProcessBuilder(PROGRAM.toString(), "serve", config.toString())
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("registry.log").toFile())
            .start();
    DockerRegistry registry = new DockerRegistry(process, domain);
    registry.awaitReady();
    return registry;
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private void awaitReady() throws InterruptedException {
    HttpRequest request = request("/v2/").GET().build();
    for (int attempt = 0; ; attempt++) {
      assertThat(process.isAlive()).as("docker-registry runs").isTrue();
      try {
        http.send(request, HttpResponse.BodyHandlers.discarding());
        return;
      } catch (IOException e) {
        assertThat(attempt).as("attempts to reach docker-registry").isLessThan(400);
        process.waitFor(25, TimeUnit.MILLISECONDS);
      }
    }
  }

  @Override
  public String domain() {
    return domain;
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create("http://" + domain + path));
  }

  @Override
  public Digest blob(String repository, byte[] bytes) {
    Digest digest = Sha256.of(bytes);
    HttpResponse<String> begun =
        send(
            request("/v2/" + repository + "/blobs/uploads/")
                .POST(HttpRequest.BodyPublishers.noBody()),
            202);
    URI location =
        URI.create("http://" + domain + "/")
            .resolve(begun.headers().firstValue("location").orElseThrow());
    send(
        HttpRequest.newBuilder(
                URI.create(
                    location + (location.getQuery() == null ? "?" : "&") + "digest=" + digest))
            .PUT(HttpRequest.BodyPublishers.ofByteArray(bytes)),
        201);
    return digest;
  }

  @Override
  public Digest manifest(String repository, String tag, String type, byte[] bytes) {
    send(
        request("/v2/" + repository + "/manifests/" + tag)
            .header("Content-Type", type)
            .PUT(HttpRequest.BodyPublishers.ofByteArray(bytes)),
        201);
    return Sha256.of(bytes);
  }

  private HttpResponse<String> send(HttpRequest.Builder request, int expected) {
    try {
      HttpResponse<String> response =
          http.send(request.build(), HttpResponse.BodyHandlers.ofString());
      assertThat(response.statusCode()).as(response.body()).isEqualTo(expected);
      return response;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    http.close();
    process.destroyForcibly();
    try {
      process.waitFor(10, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
