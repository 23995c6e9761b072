package dev.hearth.runtime.registry;

import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import dev.hearth.runtime.registry.Credentials.Secret;
import dev.hearth.runtime.registry.RegistryException.Denied;
import dev.hearth.runtime.registry.RegistryException.ProtocolViolation;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Answers the challenges of registries (distribution specification, "Token Authentication") and
 * remembers what each wants, so that a request seldom needs two. Nothing is sent before a registry
 * has asked for it. Thread-safe.
 */
final class Authorizer {
  private static final int MAX_REMEMBERED = 512;
  private static final int MAX_TOKEN_BYTES = 1 << 20;

  /** Life of a token that does not tell, in seconds, by the specification. */
  private static final long DEFAULT_LIFE = 60;

  private final Http http;
  private final Retry retry;
  private final InstantSource clock;

  // Both guarded by this; the least recently used are forgotten first.
  private final Map<Place, Scheme> schemes = bounded();
  private final Map<TokenKey, TokenSlot> tokens = bounded();

  /** A repository at a host. */
  record Place(RegistryHost host, String repository) {}

  private sealed interface Scheme {
    record Basic() implements Scheme {}

    record Bearer(URI realm, String service, String scope) implements Scheme {}
  }

  private record TokenKey(Scheme.Bearer bearer, String credentials) {}

  /** The lock is held while the token is fetched: parallel requests wait for one token. */
  private static final class TokenSlot {
    final ReentrantLock lock = new ReentrantLock();
    String token = "";
    Instant expires = Instant.MIN;
  }

  /**
   * What to send.
   *
   * @param fresh whether it was obtained just now, so that a refusal is final
   */
  record Authorization(Optional<String> header, boolean fresh) {
    private static final Authorization NONE = new Authorization(Optional.empty(), false);

    @Override
    public String toString() {
      return "Authorization[…]";
    }
  }

  Authorizer(Http http, Retry retry, InstantSource clock) {
    this.http = http;
    this.retry = retry;
    this.clock = clock;
  }

  /** What to send along with a request, by what is known of the place. */
  Authorization authorize(Place place, Credentials credentials)
      throws RegistryException, InterruptedException {
    if (credentials.secret() instanceof Secret.RegistryToken token) {
      return new Authorization(Optional.of("Bearer " + token.token()), true);
    }
    return switch (scheme(place)) {
      case null -> Authorization.NONE;
      case Scheme.Basic basic ->
          credentials.secret() instanceof Secret.Password password
              ? new Authorization(Optional.of(basic(password)), true)
              : Authorization.NONE;
      case Scheme.Bearer bearer -> bearer(place, bearer, credentials);
    };
  }

  private synchronized @Nullable Scheme scheme(Place place) {
    return schemes.get(place);
  }

  /**
   * Learns from a 401 answer.
   *
   * @param headers its WWW-Authenticate headers
   * @param used what was sent
   * @return whether another attempt has a point
   */
  boolean challenged(Place place, Credentials credentials, List<String> headers, Authorization used)
      throws ProtocolViolation {
    Optional<Scheme> wanted = wanted(place, credentials, headers);
    if (wanted.isEmpty()) {
      return false;
    }
    synchronized (this) {
      if (used.fresh && wanted.get().equals(schemes.get(place))) {
        return false;
      }
      schemes.put(place, wanted.get());
      if (wanted.get() instanceof Scheme.Bearer bearer) {
        tokens.remove(new TokenKey(bearer, credentials.fingerprint()));
      }
    }
    return true;
  }

  private static Optional<Scheme> wanted(Place place, Credentials credentials, List<String> headers)
      throws ProtocolViolation {
    boolean basic = false;
    for (String header : headers) {
      for (Challenge challenge : Challenge.parse(header)) {
        if (challenge.scheme().equals("bearer") && !challenge.parameter("realm").isEmpty()) {
          return Optional.of(bearer(place, challenge));
        }
        basic |= challenge.scheme().equals("basic");
      }
    }
    return basic && credentials.secret() instanceof Secret.Password
        ? Optional.of(new Scheme.Basic())
        : Optional.empty();
  }

  private static Scheme.Bearer bearer(Place place, Challenge challenge) throws ProtocolViolation {
    String host = place.host.name();
    URI realm;
    try {
      realm = place.host.base().resolve(challenge.parameter("realm"));
    } catch (IllegalArgumentException e) {
      throw new ProtocolViolation("registry " + host + " names no token service", e);
    }
    boolean secure = "https".equalsIgnoreCase(realm.getScheme());
    if (realm.getHost() == null || (!secure && !"http".equalsIgnoreCase(realm.getScheme()))) {
      throw new ProtocolViolation("registry " + host + " names no token service");
    }
    // Credentials that were safe on the way to the registry must not become less so.
    if (!secure && "https".equalsIgnoreCase(place.host.base().getScheme())) {
      throw new ProtocolViolation(
          "registry " + host + " wants credentials sent in the clear to " + realm.getAuthority());
    }
    String scope = challenge.parameter("scope");
    return new Scheme.Bearer(
        realm,
        challenge.parameter("service"),
        scope.isEmpty() ? "repository:" + place.repository + ":pull" : scope);
  }

  private Authorization bearer(Place place, Scheme.Bearer bearer, Credentials credentials)
      throws RegistryException, InterruptedException {
    TokenSlot slot;
    synchronized (this) {
      slot =
          tokens.computeIfAbsent(
              new TokenKey(bearer, credentials.fingerprint()), key -> new TokenSlot());
    }
    slot.lock.lockInterruptibly();
    try {
      boolean fresh = !clock.instant().isBefore(slot.expires);
      if (fresh) {
        fetch(place, bearer, credentials, slot);
      }
      return new Authorization(Optional.of("Bearer " + slot.token), fresh);
    } finally {
      slot.lock.unlock();
    }
  }

  private void fetch(Place place, Scheme.Bearer bearer, Credentials credentials, TokenSlot slot)
      throws RegistryException, InterruptedException {
    Instant asked = clock.instant();
    String service = bearer.realm.getAuthority();
    JsonObject answer =
        retry.call(
            "token service " + service + " of registry " + place.host.name(),
            () -> {
              try (Http.Answer got = http.send(place.host, request(bearer, credentials))) {
                return tokenAnswer(place, service, got);
              }
            });
    String token = string(answer, "token");
    slot.token = token.isEmpty() ? string(answer, "access_token") : token;
    if (slot.token.isEmpty() || !slot.token.chars().allMatch(c -> c > ' ' && c <= '~')) {
      throw new ProtocolViolation(
          "token service " + service + " of registry " + place.host.name() + " gave no token");
    }
    long life = DEFAULT_LIFE;
    if (answer.get("expires_in") instanceof JsonPrimitive seconds && seconds.isNumber()) {
      life = Math.clamp(seconds.getAsLong(), DEFAULT_LIFE, 86_400);
    }
    // Not to the last moment: the request it goes with takes its time too.
    slot.expires = asked.plusSeconds(life * 9 / 10);
  }

  private static Http.Request request(Scheme.Bearer bearer, Credentials credentials) {
    String query = "service=" + encoded(bearer.service) + "&scope=" + encoded(bearer.scope);
    if (credentials.secret() instanceof Secret.IdentityToken identity) {
      String form =
          "grant_type=refresh_token&client_id=hearth&"
              + query
              + "&refresh_token="
              + encoded(identity.token());
      return new Http.Request("POST", bearer.realm, Map.of(), Optional.empty(), Optional.of(form));
    }
    String realm = bearer.realm.toString();
    URI url = URI.create(realm + (realm.indexOf('?') < 0 ? "?" : "&") + query);
    Optional<String> authorization =
        credentials.secret() instanceof Secret.Password password
            ? Optional.of(basic(password))
            : Optional.empty();
    return new Http.Request("GET", url, Map.of(), authorization, Optional.empty());
  }

  private static JsonObject tokenAnswer(Place place, String service, Http.Answer answer)
      throws IOException, RegistryException, Retry.TryAgain {
    String subject = "token service " + service + " of registry " + place.host.name();
    int status = answer.status();
    if (status == 200) {
      return StrictJson.object(answer.body().readNBytes(MAX_TOKEN_BYTES))
          .orElseThrow(() -> new ProtocolViolation(subject + " did not answer with a JSON object"));
    }
    if (status == 400 || status == 401 || status == 403 || status == 404) {
      throw new Denied(
          subject
              + " refuses access to repository "
              + place.repository
              + " (status "
              + status
              + "): the repository does not exist or the credentials are wrong");
    }
    throw Failures.of(subject, answer, "status " + status);
  }

  private static String basic(Secret.Password password) {
    String pair = password.username() + ":" + password.password();
    return "Basic " + Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8));
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  private static String string(JsonObject object, String name) {
    return object.get(name) instanceof JsonPrimitive text && text.isString()
        ? text.getAsString()
        : "";
  }

  private static <K, V> Map<K, V> bounded() {
    return new LinkedHashMap<>(16, 0.75f, true) {
      private static final long serialVersionUID = 1;

      @Override
      protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
        return size() > MAX_REMEMBERED;
      }
    };
  }
}
