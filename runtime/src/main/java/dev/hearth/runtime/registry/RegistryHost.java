package dev.hearth.runtime.registry;

import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * One place from which the images of a registry can be had.
 *
 * @param base what paths such as {@code /library/busybox/manifests/latest} are appended to: {@code
 *     https://registry-1.docker.io/v2}
 * @param upstream whether it is the registry itself; only then it is given the credentials meant
 *     for the registry
 * @param headers sent with every request to this host and to no other
 */
public record RegistryHost(
    URI base,
    boolean upstream,
    Set<Capability> capabilities,
    TlsSettings tls,
    Map<String, List<String>> headers) {

  /** What a host is asked for. */
  public enum Capability {
    /** Content by digest. */
    PULL,
    /** The digest of a tag: asks for trust. */
    RESOLVE
  }

  public RegistryHost {
    capabilities = Set.copyOf(capabilities);
    headers = Map.copyOf(headers);
  }

  boolean does(Set<Capability> wanted) {
    return capabilities.containsAll(wanted);
  }

  /** Host and port for messages: {@code registry-1.docker.io}, {@code 127.0.0.1:5000}. */
  public String name() {
    return base.getAuthority();
  }

  /** The registry itself, as its name says: Docker Hub's API host, plain HTTP on loopback. */
  public static RegistryHost direct(String domain) {
    return new RegistryHost(
        URI.create(scheme(domain) + "://" + apiHost(domain) + "/v2"),
        true,
        Set.of(Capability.PULL, Capability.RESOLVE),
        TlsSettings.DEFAULT,
        Map.of());
  }

  /** Docker Hub answers under another name than its images have. */
  static String apiHost(String domain) {
    return domain.equals("docker.io") ? "registry-1.docker.io" : domain;
  }

  /** A registry on loopback needs no TLS, except on the port of HTTPS. */
  static String scheme(String authority) {
    int colon = authority.lastIndexOf(':');
    boolean port = colon > authority.lastIndexOf(']');
    String host = (port ? authority.substring(0, colon) : authority).toLowerCase(Locale.ROOT);
    boolean loopback =
        host.equals("localhost")
            || host.endsWith(".localhost")
            || host.equals("[::1]")
            || host.matches("127\\.[0-9]+\\.[0-9]+\\.[0-9]+");
    return loopback && !(port && authority.substring(colon).equals(":443")) ? "http" : "https";
  }
}
