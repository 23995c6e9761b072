package dev.hearth.runtime.registry;

import dev.hearth.runtime.registry.RegistryException.Misconfigured;
import dev.hearth.runtime.registry.RegistryHost.Capability;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.tomlj.Toml;
import org.tomlj.TomlArray;
import org.tomlj.TomlParseResult;
import org.tomlj.TomlPosition;
import org.tomlj.TomlTable;

/** Reads containerd's hosts.toml (its docs/hosts.md). Unknown keys are ignored, as there. */
final class HostsToml {
  private static final int MAX_HOSTS = 64;

  private final String domain;
  private final Path file;

  private HostsToml(String domain, Path file) {
    this.domain = domain;
    this.file = file;
  }

  /** The hosts in the order of the file, and the server last. */
  static List<RegistryHost> parse(String domain, Path file, String text) throws Misconfigured {
    TomlParseResult toml = Toml.parse(text);
    if (toml.hasErrors()) {
      throw new Misconfigured(
          "registry configuration " + file + ": " + toml.errors().getFirst(), null);
    }
    return new HostsToml(domain, file).hosts(toml);
  }

  private List<RegistryHost> hosts(TomlTable toml) throws Misconfigured {
    String server = string(toml, "server");
    if (server.isEmpty()) {
      server = RegistryHost.scheme(domain) + "://" + RegistryHost.apiHost(domain);
    }
    URI serverBase = base(server, bool(toml, "override_path"));
    List<RegistryHost> hosts = new ArrayList<>();
    for (String name : ordered(table(toml, "host"))) {
      TomlTable host = value(table(toml, "host"), name, TomlTable.class);
      if (host == null) {
        throw wrong("host \"" + name + "\" is no table");
      }
      hosts.add(host(name, host, serverBase));
    }
    if (hosts.size() > MAX_HOSTS) {
      throw wrong(hosts.size() + " hosts; " + MAX_HOSTS + " are allowed");
    }
    RegistryHost last =
        new RegistryHost(serverBase, true, capabilities(toml), tls(toml), headers(toml));
    if (hosts.stream().noneMatch(h -> h.base().equals(serverBase) && h.does(last.capabilities()))) {
      hosts.add(last);
    }
    return List.copyOf(hosts);
  }

  /**
   * A host counts as the registry itself when it has the name that images have or that of the
   * server, in whatever scheme: so operators tell us to use plain HTTP for a registry.
   */
  private RegistryHost host(String name, TomlTable table, URI server) throws Misconfigured {
    URI base = base(name, bool(table, "override_path"));
    String authority = base.getAuthority();
    boolean upstream =
        authority.equalsIgnoreCase(server.getAuthority())
            || authority.equalsIgnoreCase(RegistryHost.apiHost(domain));
    return new RegistryHost(base, upstream, capabilities(table), tls(table), headers(table));
  }

  private URI base(String text, boolean overridePath) throws Misconfigured {
    String withScheme =
        text.contains("://") ? text : RegistryHost.scheme(authority(text)) + "://" + text;
    URI uri;
    try {
      uri = new URI(withScheme);
    } catch (URISyntaxException e) {
      throw wrong("\"" + text + "\" is no URL");
    }
    String scheme = String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT);
    if (!scheme.equals("http") && !scheme.equals("https")) {
      throw wrong("\"" + text + "\" is neither http nor https");
    }
    if (uri.getHost() == null || uri.getUserInfo() != null) {
      throw wrong("\"" + text + "\" must name a host, and no user");
    }
    String path = String.valueOf(uri.getRawPath());
    while (path.endsWith("/")) {
      path = path.substring(0, path.length() - 1);
    }
    if (!overridePath && !path.endsWith("/v2")) {
      path += "/v2";
    }
    String host = uri.getHost().equals("docker.io") ? "registry-1.docker.io" : uri.getHost();
    String port = uri.getPort() < 0 ? "" : ":" + uri.getPort();
    return URI.create(scheme + "://" + host + port + path);
  }

  private static String authority(String text) {
    int slash = text.indexOf('/');
    return slash < 0 ? text : text.substring(0, slash);
  }

  private Set<Capability> capabilities(TomlTable table) throws Misconfigured {
    List<String> names = strings(table, "capabilities");
    if (names.isEmpty() && !has(table, "capabilities")) {
      return EnumSet.allOf(Capability.class);
    }
    Set<Capability> capabilities = EnumSet.noneOf(Capability.class);
    for (String name : names) {
      switch (name.toLowerCase(Locale.ROOT)) {
        case "pull" -> capabilities.add(Capability.PULL);
        case "resolve" -> capabilities.add(Capability.RESOLVE);
        case "push" -> {}
        default -> throw wrong("unknown capability \"" + name + "\"");
      }
    }
    return capabilities;
  }

  private TlsSettings tls(TomlTable table) throws Misconfigured {
    List<Path> authorities = new ArrayList<>();
    for (String ca : strings(table, "ca")) {
      authorities.add(file.resolveSibling(ca));
    }
    return new TlsSettings(
        bool(table, "skip_verify"), authorities, clients(table), dialTimeout(table));
  }

  /** A file, a list of files, or a list of pairs of certificate and key. */
  private List<TlsSettings.ClientCertificate> clients(TomlTable table) throws Misconfigured {
    List<TlsSettings.ClientCertificate> clients = new ArrayList<>();
    if (raw(table, "client") instanceof TomlArray array) {
      for (int i = 0; i < array.size(); i++) {
        clients.add(client(array.get(i)));
      }
    } else {
      for (String one : strings(table, "client")) {
        clients.add(client(one));
      }
    }
    return clients;
  }

  private TlsSettings.ClientCertificate client(Object entry) throws Misconfigured {
    if (entry instanceof String both) {
      return new TlsSettings.ClientCertificate(
          file.resolveSibling(both), file.resolveSibling(both));
    }
    if (entry instanceof TomlArray pair
        && pair.size() == 2
        && pair.get(0) instanceof String certificate
        && pair.get(1) instanceof String key) {
      return new TlsSettings.ClientCertificate(
          file.resolveSibling(certificate), file.resolveSibling(key.isEmpty() ? certificate : key));
    }
    throw wrong("client must hold files, or pairs of certificate and key");
  }

  private Duration dialTimeout(TomlTable table) throws Misconfigured {
    String text = string(table, "dial_timeout");
    if (text.isEmpty()) {
      return TlsSettings.CONNECT_TIMEOUT;
    }
    try {
      // Go's "1m30s" is ISO's "PT1M30S".
      Duration timeout = Duration.parse("PT" + text.toUpperCase(Locale.ROOT));
      if (timeout.isPositive()) {
        return timeout;
      }
    } catch (DateTimeParseException e) {
      throw wrong("dial_timeout \"" + text + "\" is no duration such as 10s");
    }
    throw wrong("dial_timeout must be above zero");
  }

  private Map<String, List<String>> headers(TomlTable table) throws Misconfigured {
    Map<String, List<String>> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    TomlTable header = table(table, "header");
    for (String name : header.keySet()) {
      List<String> values = strings(header, name);
      if (!Headers.mayBeSet(name, values)) {
        throw wrong("header \"" + name + "\" cannot be sent");
      }
      headers.put(name, values);
    }
    return headers;
  }

  /** Keys as the file has them: mirrors are tried from top to bottom. */
  private static List<String> ordered(TomlTable table) {
    List<String> names = new ArrayList<>(table.keySet());
    names.sort((a, b) -> {
      TomlPosition first = position(table, a);
      TomlPosition second = position(table, b);
      int byLine = Integer.compare(first.line(), second.line());
      return byLine != 0 ? byLine : Integer.compare(first.column(), second.column());
    });
    return names;
  }

  private static TomlPosition position(TomlTable table, String name) {
    TomlPosition position = table.inputPositionOf(List.of(name));
    return position == null ? TomlPosition.positionAt(1, 1) : position;
  }

  private static boolean has(TomlTable table, String name) {
    return raw(table, name) != null;
  }

  private static @Nullable Object raw(TomlTable table, String name) {
    return table.get(List.of(name));
  }

  private <T> @Nullable T value(TomlTable table, String name, Class<T> type) throws Misconfigured {
    Object value = raw(table, name);
    if (value != null && !type.isInstance(value)) {
      throw wrong("\"" + name + "\" has the wrong type");
    }
    return type.cast(value);
  }

  private TomlTable table(TomlTable table, String name) throws Misconfigured {
    TomlTable inner = value(table, name, TomlTable.class);
    return inner == null ? Toml.parse("") : inner;
  }

  private String string(TomlTable table, String name) throws Misconfigured {
    String value = value(table, name, String.class);
    return value == null ? "" : value;
  }

  private boolean bool(TomlTable table, String name) throws Misconfigured {
    return Boolean.TRUE.equals(value(table, name, Boolean.class));
  }

  /** A string, or an array of strings. */
  private List<String> strings(TomlTable table, String name) throws Misconfigured {
    Object value = raw(table, name);
    List<String> strings = new ArrayList<>();
    if (value instanceof TomlArray array) {
      for (int i = 0; i < array.size(); i++) {
        if (!(array.get(i) instanceof String text)) {
          throw wrong("\"" + name + "\" must hold strings");
        }
        strings.add(text);
      }
    } else {
      String one = string(table, name);
      if (!one.isEmpty()) {
        strings.add(one);
      }
    }
    return strings;
  }

  private Misconfigured wrong(String what) {
    return new Misconfigured("registry configuration " + file + ": " + what, null);
  }
}
