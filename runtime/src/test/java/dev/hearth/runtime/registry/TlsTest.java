package dev.hearth.runtime.registry;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;
import dev.hearth.runtime.model.ImageReference;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.interfaces.ECPrivateKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Certificates, by a registry on loopback that wants one of its clients. */
@Timeout(120)
class TlsTest {
  private static final String MANIFEST = "{\"schemaVersion\":2,\"manifests\":[]}";
  private static final char[] PASSWORD = "password".toCharArray();

  @TempDir static Path directory;
  private static HttpsServer server;
  private static Path certificate;
  private static Path key;
  private static String domain;

  @BeforeAll
  static void serve() throws Exception {
    Path file = directory.resolve("store.p12");
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-keyalg",
                "EC",
                "-groupname",
                "secp256r1",
                "-alias",
                "one",
                "-dname",
                "CN=test",
                "-ext",
                "SAN=ip:127.0.0.1",
                "-keystore",
                file.toString(),
                "-storetype",
                "PKCS12",
                "-storepass",
                "password")
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("keytool.log").toFile())
            .start();
    assertThat(keytool.waitFor(60, TimeUnit.SECONDS) && keytool.exitValue() == 0).isTrue();
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(file)) {
      store.load(in, PASSWORD);
    }
    certificate = pem("one.pem", "CERTIFICATE", store.getCertificate("one").getEncoded());
    PrivateKey privateKey = (PrivateKey) store.getKey("one", PASSWORD);
    key = pem("one.key", "PRIVATE KEY", privateKey.getEncoded());
    server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setHttpsConfigurator(
        new HttpsConfigurator(context(store)) {
          @Override
          public void configure(HttpsParameters parameters) {
            SSLParameters ssl = getSSLContext().getDefaultSSLParameters();
            ssl.setNeedClientAuth(true);
            parameters.setSSLParameters(ssl);
          }
        });
    server.createContext(
        "/",
        exchange -> {
          try (exchange) {
            if (exchange.getRequestURI().getPath().endsWith("/insecure")) {
              exchange.getResponseHeaders().set("Location", "http://127.0.0.1:1/");
              exchange.sendResponseHeaders(307, -1);
              return;
            }
            exchange.getResponseHeaders().set("Content-Type", MediaTypes.OCI_INDEX);
            exchange.sendResponseHeaders(200, MANIFEST.length());
            exchange.getResponseBody().write(MANIFEST.getBytes(UTF_8));
          }
        });
    server.start();
    domain = "127.0.0.1:" + server.getAddress().getPort();
  }

  @AfterAll
  static void stop() {
    server.stop(0);
  }

  private static SSLContext context(KeyStore store) throws Exception {
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(store, PASSWORD);
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    trusted.setCertificateEntry("one", store.getCertificate("one"));
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
    return context;
  }

  private static Path pem(String name, String label, byte[] der) throws Exception {
    String text = Base64.getMimeEncoder(64, "\n".getBytes(UTF_8)).encodeToString(der);
    return Files.writeString(
        directory.resolve(name),
        "-----BEGIN " + label + "-----\n" + text + "\n-----END " + label + "-----\n");
  }

  private static FetchedManifest pull(TlsSettings tls) throws Exception {
    return pull(tls, "1");
  }

  private static FetchedManifest pull(TlsSettings tls, String tag) throws Exception {
    RegistryHost direct = RegistryHost.direct(domain);
    RegistryHosts hosts =
        d ->
            List.of(
                new RegistryHost(
                    URI.create("https://" + domain + "/v2"),
                    true,
                    Set.copyOf(direct.capabilities()),
                    tls,
                    Map.of()));
    try (RegistryClient client = Clients.client(hosts, new ArrayList<>())) {
      return client
          .repository(ImageReference.parse(domain + "/a/b"), Credentials.NONE)
          .manifest(tag);
    }
  }

  private static TlsSettings settings(boolean skipVerify, List<Path> authorities, Path... pair) {
    List<TlsSettings.ClientCertificate> clients =
        pair.length == 0 ? List.of() : List.of(new TlsSettings.ClientCertificate(pair[0], pair[1]));
    return new TlsSettings(skipVerify, authorities, clients, Duration.ofSeconds(10));
  }

  @Test
  void chaCha20IsOfferedFirstAndNothingElseIsLeftOut() throws Exception {
    SSLContext context = SSLContext.getDefault();
    List<String> all = List.of(context.getDefaultSSLParameters().getCipherSuites());
    List<String> offered = List.of(Tls.parameters(context).getCipherSuites());

    assertThat(offered).containsExactlyInAnyOrderElementsOf(all);
    assertThat(offered.getFirst()).isEqualTo("TLS_CHACHA20_POLY1305_SHA256");
  }

  @Test
  void trustsAnAuthorityAndShowsItsOwnCertificate() throws Exception {
    assertThat(pull(settings(false, List.of(certificate), certificate, key)).manifest())
        .isEqualTo(new Manifest.ImageIndex(List.of()));
  }

  @Test
  void refusesAStrangersCertificateUnlessToldNotToLook() throws Exception {
    assertThatThrownBy(() -> pull(settings(false, List.of(), certificate, key)))
        .isInstanceOf(RegistryException.Unreachable.class)
        .hasMessageContaining("TLS");
    pull(settings(true, List.of(), certificate, key));
  }

  @Test
  void refusesARedirectThatGivesUpTls() {
    assertThatThrownBy(() -> pull(settings(true, List.of(), certificate, key), "insecure"))
        .isInstanceOf(RegistryException.ProtocolViolation.class)
        .hasMessageContaining("plain HTTP");
  }

  @Test
  void readsKeysInOlderForms() throws Exception {
    // The key inside PKCS #8 is SEC 1's; it leaves out the curve, which the file must name.
    byte[] pkcs8 = PemFiles.privateKey(key).getEncoded();
    byte[] curve = {
      (byte) 0xa0, 0x0a, 0x06, 0x08, 0x2a, (byte) 0x86, 0x48, (byte) 0xce, 0x3d, 0x03, 0x01, 0x07
    };
    int start = 2;
    while (!(pkcs8[start] == 0x30 && pkcs8[start + 2] == 0x02 && pkcs8[start + 4] == 0x01)) {
      start++;
    }
    byte[] inner = Arrays.copyOfRange(pkcs8, start + 2, start + 2 + 3 + 2 + 32);
    byte[] sec1 = new byte[2 + inner.length + curve.length];
    sec1[0] = 0x30;
    sec1[1] = (byte) (inner.length + curve.length);
    System.arraycopy(inner, 0, sec1, 2, inner.length);
    System.arraycopy(curve, 0, sec1, 2 + inner.length, curve.length);
    Path old = pem("old.key", "EC PRIVATE KEY", sec1);
    assertThat(((ECPrivateKey) PemFiles.privateKey(old)).getS())
        .isEqualTo(((ECPrivateKey) PemFiles.privateKey(key)).getS());
    pull(settings(true, List.of(), certificate, old));
  }

  @Test
  void saysWhichFileIsNoGood() throws Exception {
    Path empty = Files.createFile(directory.resolve("empty.pem"));
    assertThatThrownBy(() -> pull(settings(false, List.of(empty))))
        .isInstanceOf(RegistryException.Misconfigured.class)
        .hasMessageContaining(empty.toString());
    assertThatThrownBy(() -> pull(settings(false, List.of(directory.resolve("absent")))))
        .isInstanceOf(RegistryException.Misconfigured.class)
        .hasMessageContaining("absent");
    assertThatThrownBy(() -> pull(settings(false, List.of(), certificate, certificate)))
        .isInstanceOf(RegistryException.Misconfigured.class)
        .hasMessageContaining("no unencrypted private key");
  }
}
