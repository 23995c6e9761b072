package dev.hearth.runtime.registry;

import dev.hearth.runtime.registry.RegistryException.ProtocolViolation;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Sends one request and follows redirects. What identifies us (Authorization, an operator's
 * headers) goes only to the origin the request was meant for.
 */
final class Http {
  private static final int MAX_REDIRECTS = 10;

  private final HttpClients clients;
  private final Timeouts timeouts;
  private final String userAgent;

  Http(HttpClients clients, Timeouts timeouts, String userAgent) {
    this.clients = clients;
    this.timeouts = timeouts;
    this.userAgent = userAgent;
  }

  /**
   * A request to make.
   *
   * @param headers go wherever redirects lead
   * @param authorization value of that header, for the URL's own origin
   * @param form body of a POST; absent for none
   */
  record Request(
      String method,
      URI url,
      Map<String, String> headers,
      Optional<String> authorization,
      Optional<String> form) {
    @Override
    public String toString() {
      return method + " " + url.getAuthority(); // Never what identifies us.
    }
  }

  /**
   * What came back.
   *
   * @param elsewhere whether redirects led to another origin
   */
  record Answer(HttpResponse<Body> response, boolean elsewhere) implements AutoCloseable {
    int status() {
      return response.statusCode();
    }

    Body body() {
      return response.body();
    }

    String header(String name) {
      return response.headers().firstValue(name).orElse("");
    }

    @Override
    public void close() {
      body().close();
    }
  }

  /**
   * Sends a request. The caller closes the answer.
   *
   * @throws ProtocolViolation if redirects lead nowhere
   */
  Answer send(RegistryHost host, Request request)
      throws IOException, RegistryException, InterruptedException {
    URI at = request.url;
    for (int hops = 0; hops <= MAX_REDIRECTS; hops++) {
      boolean home = sameOrigin(at, request.url);
      HttpResponse<Body> response =
          clients.of(host, at).send(build(host, request, at, home), i -> new Body(timeouts.idle()));
      Optional<String> location = response.headers().firstValue("location");
      if (!isRedirect(response.statusCode()) || location.isEmpty()) {
        return new Answer(response, !home);
      }
      response.body().close();
      if (request.form.isPresent()) {
        throw new ProtocolViolation(host.name() + " redirects a request that carries credentials");
      }
      at = target(host, at, location.get());
    }
    throw new ProtocolViolation(
        "registry " + host.name() + " redirects in circles, more than " + MAX_REDIRECTS + " times");
  }

  private HttpRequest build(RegistryHost host, Request request, URI at, boolean home) {
    HttpRequest.Builder builder =
        HttpRequest.newBuilder(at).timeout(timeouts.answer()).header("User-Agent", userAgent);
    request.headers.forEach(builder::setHeader);
    if (home && sameOrigin(at, host.base())) {
      host.headers()
          .forEach((name, values) -> values.forEach(value -> builder.header(name, value)));
    }
    if (home) {
      request.authorization.ifPresent(value -> builder.setHeader("Authorization", value));
    }
    if (request.form.isPresent()) {
      builder.header("Content-Type", "application/x-www-form-urlencoded");
      builder.POST(HttpRequest.BodyPublishers.ofString(request.form.get()));
    } else {
      builder.method(request.method, HttpRequest.BodyPublishers.noBody());
    }
    return builder.build();
  }

  private static boolean isRedirect(int status) {
    return switch (status) {
      case 301, 302, 303, 307, 308 -> true;
      default -> false;
    };
  }

  private static URI target(RegistryHost host, URI from, String location) throws ProtocolViolation {
    URI target;
    try {
      target = from.resolve(escaped(location));
    } catch (IllegalArgumentException e) {
      throw new ProtocolViolation("registry " + host.name() + " redirects to what is no URL", e);
    }
    String scheme = String.valueOf(target.getScheme()).toLowerCase(Locale.ROOT);
    boolean http = scheme.equals("http");
    if (target.getHost() == null
        || target.getUserInfo() != null
        || (!http && !scheme.equals("https"))) {
      throw new ProtocolViolation("registry " + host.name() + " redirects to what is no web page");
    }
    if (http && "https".equalsIgnoreCase(from.getScheme())) {
      throw new ProtocolViolation(
          "registry "
              + host.name()
              + " redirects from HTTPS to plain HTTP at "
              + target.getAuthority());
    }
    return target;
  }

  /** Some storages put characters into signed URLs that URLs may not hold. */
  private static String escaped(String location) {
    StringBuilder out = new StringBuilder();
    for (byte b : location.getBytes(StandardCharsets.UTF_8)) {
      char c = (char) (b & 0xff);
      if (c <= ' ' || c >= 0x7f || "\"<>\\^`{|}".indexOf(c) >= 0) {
        out.append(String.format(Locale.ROOT, "%%%02X", (int) c));
      } else {
        out.append(c);
      }
    }
    return out.toString();
  }

  static boolean sameOrigin(URI a, URI b) {
    return a.getScheme().equalsIgnoreCase(b.getScheme())
        && a.getHost().equalsIgnoreCase(b.getHost())
        && port(a) == port(b);
  }

  private static int port(URI uri) {
    if (uri.getPort() >= 0) {
      return uri.getPort();
    }
    return uri.getScheme().equalsIgnoreCase("http") ? 80 : 443;
  }

  /**
   * Deadlines of one request.
   *
   * @param answer until the headers of the answer are there, connecting included
   * @param idle between two pieces of the body
   */
  public record Timeouts(Duration answer, Duration idle) {}
}
