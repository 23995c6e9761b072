package dev.hearth.testing;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * Debian's docker-registry on a free port of the loopback device, with its storage in a folder of
 * the caller's. It speaks plain HTTP and asks for no credentials.
 */
public final class LoopbackRegistry implements AutoCloseable {
  private static final Path PROGRAM = Path.of("/usr/bin/docker-registry");
  private static final Duration LIMIT = Duration.ofSeconds(30);

  private final HttpClient http = HttpClient.newHttpClient();
  private final Process process;
  private final int port;
  private final Path log;

  private LoopbackRegistry(Process process, int port, Path log) {
    this.process = process;
    this.port = port;
    this.log = log;
  }

  /** Whether this machine has the program; the package is docker-registry. */
  public static boolean isInstalled() {
    return Files.isExecutable(PROGRAM);
  }

  /** Starts a registry that keeps everything in {@code folder}, which may hold an earlier one's. */
  public static LoopbackRegistry start(Path folder) throws IOException {
    Files.createDirectories(folder);
    int port = freePort();
    Path configuration = folder.resolve("registry.yml");
    Files.writeString(
        configuration,
        """
        version: 0.1
        log: {level: warn}
        storage:
          filesystem: {rootdirectory: "%s"}
          delete: {enabled: true}
        http: {addr: "127.0.0.1:%d"}
        """
            .formatted(folder.resolve("storage"), port));
    Path log = folder.resolve("registry.log");
    Process process =
        new ProcessBuilder(PROGRAM.toString(), "serve", configuration.toString())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    var registry = new LoopbackRegistry(process, port, log);
    try {
      Await.until(registry::state, LIMIT, registry::answers);
    } catch (AssertionError e) {
      registry.close();
      throw e;
    }
    return registry;
  }

  /** {@code 127.0.0.1:PORT}, as it stands in front of an image's name. */
  public String host() {
    return "127.0.0.1:" + port;
  }

  public long pid() {
    return process.pid();
  }

  /**
   * Pushes an image.
   *
   * @param name repository and tag, {@code repository:tag}
   * @return the reference by which it can be pulled
   */
  public String push(String name, TestImage image) throws IOException {
    int colon = name.lastIndexOf(':');
    String repository = name.substring(0, colon);
    pushManifest(repository, name.substring(colon + 1), image);
    return host() + "/" + name;
  }

  private void pushManifest(String repository, String reference, TestImage image)
      throws IOException {
    for (TestImage member : image.members()) {
      pushManifest(repository, member.digest(), member);
    }
    for (Blob blob : image.content()) {
      pushBlob(repository, blob);
    }
    HttpRequest put =
        request("/v2/" + repository + "/manifests/" + reference)
            .header("Content-Type", image.root().mediaType())
            .PUT(HttpRequest.BodyPublishers.ofFile(image.root().file()))
            .build();
    send(put, 201);
  }

  private void pushBlob(String repository, Blob blob) throws IOException {
    HttpRequest head = request("/v2/" + repository + "/blobs/" + blob.digest()).HEAD().build();
    if (exchange(head).statusCode() == 200) {
      return;
    }
    HttpRequest post =
        request("/v2/" + repository + "/blobs/uploads/")
            .POST(HttpRequest.BodyPublishers.noBody())
            .build();
    String location = send(post, 202).headers().firstValue("Location").orElseThrow();
    URI upload = URI.create("http://" + host() + "/").resolve(location);
    String separator = upload.getQuery() == null ? "?" : "&";
    HttpRequest put =
        HttpRequest.newBuilder(URI.create(upload + separator + "digest=" + blob.digest()))
            .header("Content-Type", "application/octet-stream")
            .PUT(HttpRequest.BodyPublishers.ofFile(blob.file()))
            .build();
    send(put, 201);
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create("http://" + host() + path)).timeout(LIMIT);
  }

  private HttpResponse<String> send(HttpRequest request, int expected) throws IOException {
    HttpResponse<String> response = exchange(request);
    if (response.statusCode() != expected) {
      throw new IOException(
          "%s %s: %d %s"
              .formatted(request.method(), request.uri(), response.statusCode(), response.body()));
    }
    return response;
  }

  private HttpResponse<String> exchange(HttpRequest request) throws IOException {
    try {
      return http.send(request, HttpResponse.BodyHandlers.ofString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted during " + request, e);
    }
  }

  private boolean answers() {
    try {
      return exchange(request("/v2/").build()).statusCode() == 200;
    } catch (IOException e) {
      if (!process.isAlive()) {
        throw new AssertionError(state(), e);
      }
      return false;
    }
  }

  private String state() {
    try {
      return "docker-registry on " + host() + ", which has said: " + Files.readString(log);
    } catch (IOException e) {
      return "docker-registry on " + host() + ", whose log cannot be read: " + e;
    }
  }

  private static int freePort() throws IOException {
    try (var probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return probe.getLocalPort();
    }
  }

  /** Stops the process; what is stored stays. */
  @Override
  public void close() {
    http.close();
    process.destroy();
    try {
      if (!process.waitFor(5, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
