package dev.hearth.runtime.registry;

import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.model.Sha256;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;

/**
 * What a request gives to identify itself to registries. Never printed: {@code toString} shows the
 * kind alone.
 *
 * @param server the registry they are for, such as {@code docker.io} or {@code host:5000}; empty
 *     for the registry of the image asked for
 */
public record Credentials(Secret secret, String server) {
  /** No credentials: public images only. */
  public static final Credentials NONE = new Credentials(new Secret.None(), "");

  /** The forms a credential takes. */
  public sealed interface Secret {
    /** None at all. */
    record None() implements Secret {}

    /** A user and a password, for Basic authentication or to obtain tokens. */
    record Password(String username, String password) implements Secret {
      @Override
      public String toString() {
        return "Password[…]";
      }
    }

    /** A refresh token of the registry's authorisation service (OAuth 2.0, RFC 6749 section 6). */
    record IdentityToken(String token) implements Secret {
      @Override
      public String toString() {
        return "IdentityToken[…]";
      }
    }

    /** A bearer token, sent to the registry as it is. */
    record RegistryToken(String token) implements Secret {
      @Override
      public String toString() {
        return "RegistryToken[…]";
      }
    }
  }

  public Credentials {
    server = normalised(server);
  }

  /**
   * Reads the fields of CRI's AuthConfig. An empty field is an absent one. The first of these that
   * is given counts: registry token, identity token, user and password, {@code auth}.
   *
   * @param auth base64 of {@code user:password}, as in Docker's config.json
   * @throws HearthException.InvalidRequest if a field is malformed; the message does not repeat it
   */
  public static Credentials of(
      String username,
      String password,
      String auth,
      String serverAddress,
      String identityToken,
      String registryToken) {
    Secret secret;
    if (!registryToken.isEmpty()) {
      secret = new Secret.RegistryToken(header("registry token", registryToken));
    } else if (!identityToken.isEmpty()) {
      secret = new Secret.IdentityToken(identityToken);
    } else if (!username.isEmpty()) {
      secret = new Secret.Password(username, password);
    } else if (!auth.isEmpty()) {
      secret = decode(auth);
    } else {
      secret = new Secret.None();
    }
    return new Credentials(secret, serverAddress);
  }

  private static Secret decode(String auth) {
    String pair;
    try {
      pair = new String(Base64.getDecoder().decode(auth.strip()), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw new HearthException.InvalidRequest("registry credentials: auth is not base64");
    }
    int colon = pair.indexOf(':');
    if (colon < 0) {
      throw new HearthException.InvalidRequest(
          "registry credentials: auth is not the base64 of user:password");
    }
    // Docker's files may pad the password with NULs.
    int end = pair.length();
    while (end > colon + 1 && pair.charAt(end - 1) == '\0') {
      end--;
    }
    return new Secret.Password(pair.substring(0, colon), pair.substring(colon + 1, end));
  }

  private static String header(String field, String value) {
    for (int i = 0; i < value.length(); i++) {
      if (value.charAt(i) <= ' ' || value.charAt(i) > '~') {
        throw new HearthException.InvalidRequest(
            "registry credentials: the " + field + " holds a character no header may hold");
      }
    }
    return value;
  }

  /** The host that a server address such as {@code https://index.docker.io/v1/} means. */
  private static String normalised(String address) {
    String host = address.strip().toLowerCase(Locale.ROOT);
    int scheme = host.indexOf("://");
    if (scheme >= 0) {
      host = host.substring(scheme + 3);
    }
    int slash = host.indexOf('/');
    if (slash >= 0) {
      host = host.substring(0, slash);
    }
    return switch (host) {
      case "index.docker.io", "registry-1.docker.io" -> "docker.io";
      default -> host;
    };
  }

  /** Whether there is nothing to identify with. */
  public boolean isNone() {
    return secret instanceof Secret.None;
  }

  /** Tells credentials apart without keeping them; for keys of caches. */
  public String fingerprint() {
    String text =
        switch (secret) {
          case Secret.None none -> "";
          case Secret.Password p -> "p\0" + p.username() + "\0" + p.password();
          case Secret.IdentityToken t -> "i\0" + t.token();
          case Secret.RegistryToken t -> "r\0" + t.token();
        };
    return Sha256.of((server + "\0" + text).getBytes(StandardCharsets.UTF_8)).hex();
  }

  @Override
  public String toString() {
    return "Credentials[" + secret + "]";
  }
}
