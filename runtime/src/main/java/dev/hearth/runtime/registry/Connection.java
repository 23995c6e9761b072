package dev.hearth.runtime.registry;

import dev.hearth.runtime.registry.Authorizer.Authorization;
import dev.hearth.runtime.registry.RegistryException.Denied;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Requests about one repository to one of its hosts, authenticated and retried. */
final class Connection {
  /** The first may be refused for want of a token, the second because the token was revoked. */
  private static final int MAX_CHALLENGES = 3;

  private final Http http;
  private final Authorizer authorizer;
  private final Retry retry;
  private final RegistryHost host;
  private final String domain;
  private final String repository;
  private final Credentials credentials;

  Connection(
      Http http,
      Authorizer authorizer,
      Retry retry,
      RegistryHost host,
      String domain,
      String repository,
      Credentials credentials) {
    this.http = http;
    this.authorizer = authorizer;
    this.retry = retry;
    this.host = host;
    this.domain = domain;
    this.repository = repository;
    this.credentials = meantFor(host, domain, credentials) ? credentials : Credentials.NONE;
  }

  /**
   * Whether a host may see credentials: the registry they were given for, and a mirror only if they
   * name it.
   */
  private static boolean meantFor(RegistryHost host, String domain, Credentials credentials) {
    String server = credentials.server();
    return (server.isEmpty() || server.equalsIgnoreCase(domain))
        ? host.upstream()
        : server.equalsIgnoreCase(host.name());
  }

  RegistryHost host() {
    return host;
  }

  /** How often a request to this host is tried. */
  int attempts() {
    return retry.policy().attempts();
  }

  /** Who answers, and about what, for messages. */
  String subject(String what) {
    return "registry " + host.name() + ", repository " + repository + ", " + what;
  }

  /** What is done with an answer, which is closed afterwards. */
  @FunctionalInterface
  interface Reader<T> {
    T read(Http.Answer answer)
        throws IOException, RegistryException, Retry.TryAgain, InterruptedException;
  }

  /**
   * Sends a request, again if need be, and has its answer read.
   *
   * @param path below the repository: {@code manifests/latest}
   * @param fine statuses other than 2xx that the reader takes
   */
  <T> T call(
      String method,
      String path,
      String what,
      Map<String, String> headers,
      Set<Integer> fine,
      Reader<T> reader)
      throws RegistryException, InterruptedException {
    return retry.call(subject(what), () -> once(method, path, what, headers, fine, reader));
  }

  /** The same without retries. */
  <T> T once(
      String method,
      String path,
      String what,
      Map<String, String> headers,
      Set<Integer> fine,
      Reader<T> reader)
      throws IOException, RegistryException, Retry.TryAgain, InterruptedException {
    try (Http.Answer answer = authenticated(method, path, what, headers)) {
      if (answer.status() / 100 != 2 && !fine.contains(answer.status())) {
        throw Failures.of(subject(what), answer, Failures.words(answer));
      }
      return reader.read(answer);
    }
  }

  private Http.Answer authenticated(
      String method, String path, String what, Map<String, String> headers)
      throws IOException, RegistryException, InterruptedException {
    Authorizer.Place place = new Authorizer.Place(host, repository);
    URI url = url(path);
    for (int round = 1; ; round++) {
      Authorization authorization = authorizer.authorize(place, credentials);
      Http.Answer answer =
          http.send(
              host,
              new Http.Request(method, url, headers, authorization.header(), Optional.empty()));
      if (answer.status() != 401 || answer.elsewhere()) {
        return answer;
      }
      try (answer) {
        List<String> challenges = answer.response().headers().allValues("www-authenticate");
        if (round == MAX_CHALLENGES
            || !authorizer.challenged(place, credentials, challenges, authorization)) {
          throw denied(what, answer);
        }
      }
    }
  }

  private Denied denied(String what, Http.Answer answer) {
    String words = Failures.words(answer);
    return new Denied(
        subject(what)
            + ": access denied"
            + (words.isEmpty() ? "" : " (" + words + ")")
            + (credentials.isNone()
                ? ": the repository does not exist or needs credentials"
                : ": the repository does not exist or these credentials do not open it"));
  }

  /** A mirror is told which registry is meant, as containerd does. */
  private URI url(String path) {
    String query =
        host.upstream() ? "" : "?ns=" + URLEncoder.encode(domain, StandardCharsets.UTF_8);
    return URI.create(host.base() + "/" + repository + "/" + path + query);
  }
}
