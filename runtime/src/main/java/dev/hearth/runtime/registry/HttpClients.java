package dev.hearth.runtime.registry;

import dev.hearth.runtime.registry.RegistryException.Misconfigured;
import java.io.IOException;
import java.net.ProxySelector;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/**
 * One HttpClient for each way to connect, and with it a pool of connections. Renewed when a
 * certificate file changes.
 */
final class HttpClients implements AutoCloseable {
  private static final int MAX_CLIENTS = 16;
  private static final Duration SHUTDOWN = Duration.ofSeconds(5);

  private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
  private final ProxySelector proxies;

  // Guarded by this; the least recently used first.
  private final Map<Key, HttpClient> clients = new LinkedHashMap<>(16, 0.75f, true);
  private boolean closed;

  /** Certificates matter only to secure ones: plain HTTP need not wait until they are read. */
  private record Key(TlsSettings settings, boolean secure, List<FileTime> modified) {}

  HttpClients(ProxySelector proxies) {
    this.proxies = proxies;
  }

  /**
   * The client for a URL that belongs to a host, or to which the host sends us.
   *
   * @throws RegistryException.Misconfigured if the certificates for the host cannot be used
   */
  synchronized HttpClient of(RegistryHost host, URI url) throws Misconfigured {
    if (closed) {
      throw new IllegalStateException("the registry client is closed");
    }
    try {
      Key key = key(host.tls(), !"http".equalsIgnoreCase(url.getScheme()));
      HttpClient client = clients.get(key);
      if (client == null) {
        client = create(key);
        clients.put(key, client);
        retire();
      }
      return client;
    } catch (IOException | GeneralSecurityException e) {
      throw new Misconfigured(
          "registry " + host.name() + ": cannot use its certificates: " + e.getMessage(), e);
    }
  }

  private static Key key(TlsSettings settings, boolean secure) throws IOException {
    List<Path> files = new ArrayList<>();
    if (secure) {
      files.addAll(settings.authorities());
      for (TlsSettings.ClientCertificate client : settings.clientCertificates()) {
        files.add(client.certificate());
        files.add(client.key());
      }
    }
    List<FileTime> modified = new ArrayList<>();
    for (Path file : files) {
      modified.add(Files.getLastModifiedTime(file));
    }
    return new Key(settings, secure, List.copyOf(modified));
  }

  private HttpClient create(Key key) throws IOException, GeneralSecurityException {
    HttpClient.Builder builder =
        HttpClient.newBuilder()
            // One connection a layer: HTTP/2 would put all layers behind one window.
            .version(HttpClient.Version.HTTP_1_1)
            // We follow redirects ourselves, to decide what goes along.
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(key.settings.connectTimeout())
            .proxy(proxies)
            .executor(executor);
    if (key.secure) {
      SSLContext context = Tls.context(key.settings);
      builder.sslContext(context).sslParameters(Tls.parameters(context));
    }
    return builder.build();
  }

  /** Ends clients long unused, once their requests are done. */
  private void retire() {
    Iterator<HttpClient> oldest = clients.values().iterator();
    while (clients.size() > MAX_CLIENTS) {
      oldest.next().shutdown();
      oldest.remove();
    }
  }

  /** Breaks off all requests. */
  @Override
  public void close() {
    List<HttpClient> open;
    synchronized (this) {
      closed = true;
      open = List.copyOf(clients.values());
      clients.clear();
    }
    open.forEach(HttpClient::shutdownNow);
    @Nullable InterruptedException interrupted = null;
    for (HttpClient client : open) {
      try {
        client.awaitTermination(SHUTDOWN);
      } catch (InterruptedException e) {
        interrupted = e;
      }
    }
    executor.shutdownNow();
    if (interrupted != null) {
      Thread.currentThread().interrupt();
    }
  }
}
