package dev.hearth.runtime.stream;

import dev.hearth.runtime.model.HearthException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Requests whose clients have not connected yet. Each is reached by a token that nobody can guess,
 * works once, and not after a minute. Thread-safe.
 */
final class StreamTokens {
  static final Duration LIFETIME = Duration.ofMinutes(1);

  /** As many may wait at once. */
  static final int LIMIT = 1000;

  private static final int TOKEN_BYTES = 32;

  private final SecureRandom random = new SecureRandom();
  private final InstantSource clock;

  /** In the order they expire. Guarded by itself. */
  private final Map<String, Waiting> waiting = new LinkedHashMap<>();

  private record Waiting(StreamRequest request, Instant until) {}

  StreamTokens(InstantSource clock) {
    this.clock = clock;
  }

  /**
   * @return the token that stands for the request
   * @throws HearthException.LimitReached if too many wait already
   */
  String issue(StreamRequest request) {
    byte[] bytes = new byte[TOKEN_BYTES];
    random.nextBytes(bytes);
    String token = Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    Instant now = clock.instant();
    synchronized (waiting) {
      dropExpired(now);
      if (waiting.size() >= LIMIT) {
        throw new HearthException.LimitReached(
            LIMIT + " streams wait for their clients already; each gives up after " + LIFETIME);
      }
      waiting.put(token, new Waiting(request, now.plus(LIFETIME)));
    }
    return token;
  }

  /** What the token stands for; from now on nothing. */
  Optional<StreamRequest> redeem(String token) {
    synchronized (waiting) {
      dropExpired(clock.instant());
      return Optional.ofNullable(waiting.remove(token)).map(Waiting::request);
    }
  }

  private void dropExpired(Instant now) {
    waiting.values().removeIf(entry -> !entry.until().isAfter(now));
  }

  int size() {
    synchronized (waiting) {
      return waiting.size();
    }
  }
}
