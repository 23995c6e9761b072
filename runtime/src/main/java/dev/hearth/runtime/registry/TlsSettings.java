package dev.hearth.runtime.registry;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * How to connect to a host.
 *
 * @param skipVerify accept whatever certificate it shows
 * @param authorities PEM files of certificate authorities, trusted beside the system's
 * @param clientCertificates shown when the host asks for one
 * @param connectTimeout for TCP and TLS together
 */
public record TlsSettings(
    boolean skipVerify,
    List<Path> authorities,
    List<ClientCertificate> clientCertificates,
    Duration connectTimeout) {
  static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);

  /** What the system trusts, and no certificate of our own. */
  public static final TlsSettings DEFAULT =
      new TlsSettings(false, List.of(), List.of(), CONNECT_TIMEOUT);

  /**
   * PEM files of a certificate chain and its private key. Both may be one file.
   *
   * @param certificate the client's own certificate first
   */
  public record ClientCertificate(Path certificate, Path key) {}

  public TlsSettings {
    authorities = List.copyOf(authorities);
    clientCertificates = List.copyOf(clientCertificates);
  }
}
