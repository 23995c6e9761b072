package dev.hearth.runtime.model;

import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Names an image in a registry, in full: {@code domain/path[:tag][@digest]}. Grammar, bounds and
 * the completion of short names are those of Docker's reference package: {@code busybox} means
 * {@code docker.io/library/busybox:latest}.
 *
 * <p>Where both a tag and a digest are given the digest decides and the tag is a comment. Image ids
 * ({@code sha256:…}, 64 hex digits) are not references.
 */
public final class ImageReference {
  /** Longest repository path, in characters. */
  public static final int MAX_PATH = 255;

  private static final String DEFAULT_DOMAIN = "docker.io";
  private static final String LEGACY_DOMAIN = "index.docker.io";
  private static final String DEFAULT_TAG = "latest";

  /** Well above every valid reference: 255 of path, 128 of tag, a digest, a host name. */
  private static final int MAX_LENGTH = 1024;

  private static final Pattern TAG = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}+");
  private static final Pattern PORT = Pattern.compile("[0-9]{1,5}+");
  private static final Pattern DOMAIN_NAME =
      Pattern.compile(
          "[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
              + "(?:\\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*");
  private static final Pattern IPV6 = Pattern.compile("\\[[a-fA-F0-9:]++]");
  private static final Pattern PATH_COMPONENT =
      Pattern.compile("[a-z0-9]++(?:(?:\\.|__|_|-++)[a-z0-9]++)*+");
  private static final Pattern BARE_ID = Pattern.compile("[a-f0-9]{64}");

  private final String domain;
  private final String path;
  private final @Nullable String tag;
  private final @Nullable Digest digest;

  private ImageReference(
      String domain, String path, @Nullable String tag, @Nullable Digest digest) {
    this.domain = domain;
    this.path = path;
    this.tag = tag;
    this.digest = digest;
  }

  /**
   * Reads a reference as people write it and completes it.
   *
   * @throws HearthException.InvalidRequest if the text is no reference
   */
  public static ImageReference parse(String text) {
    if (text.isEmpty()) {
      throw invalid(text, "it is empty");
    }
    if (text.length() > MAX_LENGTH) {
      throw invalid(text.substring(0, 64) + "…", "it has " + text.length() + " characters");
    }
    if (BARE_ID.matcher(text).matches()) {
      throw invalid(text, "64 hexadecimal digits are an image id");
    }
    String rest = text;
    Digest digest = null;
    int at = rest.indexOf('@');
    if (at >= 0) {
      digest = digest(text, rest.substring(at + 1));
      rest = rest.substring(0, at);
    }
    String tag = null;
    int colon = rest.lastIndexOf(':');
    if (colon > rest.lastIndexOf('/')) {
      tag = rest.substring(colon + 1);
      rest = rest.substring(0, colon);
      if (!TAG.matcher(tag).matches()) {
        throw invalid(text, "its tag is malformed");
      }
    }
    return complete(text, rest, tag, digest);
  }

  private static ImageReference complete(
      String text, String name, @Nullable String tag, @Nullable Digest digest) {
    String domain = DEFAULT_DOMAIN;
    String path = name;
    int slash = name.indexOf('/');
    if (slash >= 0 && isDomain(name.substring(0, slash))) {
      domain = name.substring(0, slash);
      path = name.substring(slash + 1);
      checkDomain(text, domain);
    }
    if (domain.equals(LEGACY_DOMAIN)) {
      domain = DEFAULT_DOMAIN;
    }
    if (domain.equals(DEFAULT_DOMAIN) && path.indexOf('/') < 0) {
      path = "library/" + path;
    }
    checkPath(text, path);
    String effectiveTag = tag == null && digest == null ? DEFAULT_TAG : tag;
    return new ImageReference(domain, path, effectiveTag, digest);
  }

  /** Whether the part before the first slash is a host and not the beginning of a path. */
  private static boolean isDomain(String first) {
    return first.indexOf('.') >= 0
        || first.indexOf(':') >= 0
        || first.equals("localhost")
        || !first.equals(first.toLowerCase(Locale.ROOT));
  }

  private static void checkDomain(String text, String domain) {
    String host = domain;
    int colon = domain.lastIndexOf(':');
    if (colon > domain.lastIndexOf(']')) {
      host = domain.substring(0, colon);
      String port = domain.substring(colon + 1);
      if (!PORT.matcher(port).matches() || Integer.parseInt(port) > 65535) {
        throw invalid(text, "the port of its registry is not a number up to 65535");
      }
    }
    // A bound before the pattern: a host name has at most 253 characters (RFC 1035).
    boolean named = host.length() <= 253 && DOMAIN_NAME.matcher(host).matches();
    if (!named && !IPV6.matcher(host).matches()) {
      throw invalid(text, "its registry is not a host name or address");
    }
  }

  private static void checkPath(String text, String path) {
    if (path.length() > MAX_PATH) {
      throw invalid(text, "its repository has more than " + MAX_PATH + " characters");
    }
    if (!path.equals(path.toLowerCase(Locale.ROOT))) {
      throw invalid(text, "its repository must be lower case");
    }
    for (String component : path.split("/", -1)) {
      if (!PATH_COMPONENT.matcher(component).matches()) {
        throw invalid(text, "its repository is malformed");
      }
    }
  }

  private static Digest digest(String text, String digest) {
    try {
      return Digest.parse(digest);
    } catch (IllegalArgumentException e) {
      throw invalid(text, e.getMessage());
    }
  }

  private static HearthException.InvalidRequest invalid(String text, @Nullable String why) {
    return new HearthException.InvalidRequest("invalid image reference '" + text + "': " + why);
  }

  /** The registry as named, with its port if it has one: {@code docker.io}, {@code [::1]:5000}. */
  public String domain() {
    return domain;
  }

  /** The repository within its registry: {@code library/busybox}. */
  public String path() {
    return path;
  }

  /** Registry and repository: {@code docker.io/library/busybox}. */
  public String name() {
    return domain + "/" + path;
  }

  public Optional<String> tag() {
    return Optional.ofNullable(tag);
  }

  public Optional<Digest> digest() {
    return Optional.ofNullable(digest);
  }

  /** The same repository at this digest, without a tag. */
  public ImageReference at(Digest content) {
    return new ImageReference(domain, path, null, content);
  }

  /** What decides: without the tag where there is a digest. The key to compare images by. */
  public ImageReference canonical() {
    return tag != null && digest != null ? at(digest) : this;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof ImageReference that
        && domain.equals(that.domain)
        && path.equals(that.path)
        && Objects.equals(tag, that.tag)
        && Objects.equals(digest, that.digest);
  }

  @Override
  public int hashCode() {
    return Objects.hash(domain, path, tag, digest);
  }

  @Override
  public String toString() {
    return name() + (tag == null ? "" : ":" + tag) + (digest == null ? "" : "@" + digest);
  }
}
