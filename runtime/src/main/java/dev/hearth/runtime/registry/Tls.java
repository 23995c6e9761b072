package dev.hearth.runtime.registry;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/** SSL contexts for registry hosts. */
final class Tls {
  /** Where distributions keep what the administrator trusts, in the order Go looks. */
  private static final List<Path> SYSTEM_AUTHORITIES =
      List.of(
          Path.of("/etc/ssl/certs/ca-certificates.crt"),
          Path.of("/etc/pki/tls/certs/ca-bundle.crt"),
          Path.of("/etc/ssl/ca-bundle.pem"),
          Path.of("/etc/pki/tls/cacert.pem"),
          Path.of("/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem"),
          Path.of("/etc/ssl/cert.pem"));

  private Tls() {}

  static SSLContext context(TlsSettings settings) throws IOException, GeneralSecurityException {
    SSLContext context = SSLContext.getInstance("TLS");
    TrustManager[] trust =
        settings.skipVerify()
            ? new TrustManager[] {new TrustEverybody()}
            : trust(settings.authorities());
    context.init(keys(settings.clientCertificates()), trust, null);
    return context;
  }

  /**
   * What to offer servers: all that the JDK offers, ChaCha20-Poly1305 first. The daemon's JVM has
   * no second compiler and therefore decrypts it at four times the speed of AES, which needs the
   * processor's own instructions (docs/adr/0006-one-compiler.md).
   */
  static SSLParameters parameters(SSLContext context) {
    SSLParameters parameters = context.getDefaultSSLParameters();
    String[] suites = parameters.getCipherSuites();
    Arrays.sort(suites, Comparator.comparing(suite -> !suite.contains("CHACHA20")));
    parameters.setCipherSuites(suites);
    return parameters;
  }

  private static TrustManager[] trust(List<Path> authorities)
      throws IOException, GeneralSecurityException {
    List<X509Certificate> trusted = new ArrayList<>(systemAuthorities());
    for (Path file : authorities) {
      trusted.addAll(PemFiles.certificates(file));
    }
    KeyStore store = emptyStore();
    for (int i = 0; i < trusted.size(); i++) {
      store.setCertificateEntry("authority" + i, trusted.get(i));
    }
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(store);
    return factory.getTrustManagers();
  }

  /** The system's, which the administrator maintains; Java's own where there are none. */
  private static List<X509Certificate> systemAuthorities()
      throws IOException, GeneralSecurityException {
    for (Path file : SYSTEM_AUTHORITIES) {
      if (Files.isReadable(file) && Files.size(file) > 0) {
        return PemFiles.certificates(file);
      }
    }
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init((KeyStore) null);
    for (TrustManager manager : factory.getTrustManagers()) {
      if (manager instanceof X509TrustManager x509) {
        return List.of(x509.getAcceptedIssuers());
      }
    }
    return List.of();
  }

  private static KeyManager @Nullable [] keys(List<TlsSettings.ClientCertificate> clients)
      throws IOException, GeneralSecurityException {
    if (clients.isEmpty()) {
      return null;
    }
    KeyStore store = emptyStore();
    char[] password = {};
    int n = 0;
    for (TlsSettings.ClientCertificate client : clients) {
      store.setKeyEntry(
          "client" + n++,
          PemFiles.privateKey(client.key()),
          password,
          PemFiles.certificates(client.certificate()).toArray(new X509Certificate[0]));
    }
    KeyManagerFactory factory =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    factory.init(store, password);
    return factory.getKeyManagers();
  }

  private static KeyStore emptyStore() throws IOException, GeneralSecurityException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    return store;
  }

  /**
   * For {@code skip_verify}, which an operator asked for. Being an extended trust manager it is
   * also what would compare the host's name, and does not.
   */
  private static final class TrustEverybody extends X509ExtendedTrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
