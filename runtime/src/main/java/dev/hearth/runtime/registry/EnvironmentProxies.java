package dev.hearth.runtime.registry;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Proxies by the variables every other tool heeds: HTTPS_PROXY, HTTP_PROXY, NO_PROXY, in upper or
 * lower case. Loopback is never reached through a proxy.
 */
public final class EnvironmentProxies extends ProxySelector {
  private final Optional<InetSocketAddress> http;
  private final Optional<InetSocketAddress> https;
  private final List<String> exceptions;

  /**
   * @param environment of the process
   * @throws IllegalArgumentException if a proxy is no URL
   */
  public EnvironmentProxies(Map<String, String> environment) {
    this.http = proxy(environment, "HTTP_PROXY");
    this.https = proxy(environment, "HTTPS_PROXY");
    this.exceptions = new ArrayList<>();
    for (String exception : value(environment, "NO_PROXY").split(",", -1)) {
      String name = exception.strip().toLowerCase(Locale.ROOT);
      if (!name.isEmpty()) {
        exceptions.add(name.startsWith("*.") ? name.substring(1) : name);
      }
    }
  }

  private static String value(Map<String, String> environment, String name) {
    String upper = environment.getOrDefault(name, "");
    return upper.isEmpty() ? environment.getOrDefault(name.toLowerCase(Locale.ROOT), "") : upper;
  }

  private static Optional<InetSocketAddress> proxy(Map<String, String> environment, String name) {
    String value = value(environment, name);
    if (value.isEmpty()) {
      return Optional.empty();
    }
    URI uri = URI.create(value.contains("://") ? value : "http://" + value);
    if (uri.getHost() == null) {
      // Not the value: it may hold a password.
      throw new IllegalArgumentException("environment variable " + name + " is no proxy's URL");
    }
    int port = uri.getPort() < 0 ? 80 : uri.getPort();
    return Optional.of(InetSocketAddress.createUnresolved(uri.getHost(), port));
  }

  @Override
  public List<Proxy> select(URI uri) {
    String host = String.valueOf(uri.getHost()).toLowerCase(Locale.ROOT);
    Optional<InetSocketAddress> proxy = "https".equals(uri.getScheme()) ? https : http;
    if (proxy.isEmpty() || isException(host, uri.getPort())) {
      return List.of(Proxy.NO_PROXY);
    }
    return List.of(new Proxy(Proxy.Type.HTTP, proxy.get()));
  }

  private boolean isException(String host, int port) {
    if (RegistryHost.scheme(host).equals("http")) {
      return true;
    }
    for (String exception : exceptions) {
      if (exception.equals("*")
          || exception.equals(host)
          || exception.equals(host + ":" + port)
          || host.endsWith(exception.startsWith(".") ? exception : "." + exception)) {
        return true;
      }
    }
    return false;
  }

  @Override
  public void connectFailed(URI uri, SocketAddress address, IOException failure) {
    // The request fails and says so.
  }
}
