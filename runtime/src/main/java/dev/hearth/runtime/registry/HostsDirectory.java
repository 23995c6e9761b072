package dev.hearth.runtime.registry;

import dev.hearth.runtime.registry.RegistryException.Misconfigured;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Registry hosts from directories in containerd's layout, as operators have them: {@code
 * <directory>/<registry>/hosts.toml}, then {@code <directory>/_default/hosts.toml}. A port is
 * written {@code host:5000} or {@code host_5000_}. A directory without a hosts.toml may hold
 * Docker's {@code *.crt} authorities and {@code *.cert}, {@code *.key} pairs.
 *
 * <p>Files are read again when they change; nothing needs a restart. Thread-safe.
 */
public final class HostsDirectory implements RegistryHosts {
  private static final String FILE = "hosts.toml";
  private static final int MAX_CACHED = 256;

  private final List<Path> directories;
  private final Map<String, Cached> cache = new ConcurrentHashMap<>();

  /** A parsed file and the state of the file it was parsed from. */
  private record Cached(Path file, FileTime modified, long size, List<RegistryHost> hosts) {}

  /**
   * @param directories looked into in this order; those that do not exist are passed over
   */
  public HostsDirectory(List<Path> directories) {
    this.directories = List.copyOf(directories);
  }

  @Override
  public List<RegistryHost> of(String domain) throws Misconfigured {
    for (Path directory : candidates(domain)) {
      Path file = directory.resolve(FILE);
      try {
        return read(domain, file);
      } catch (NoSuchFileException e) {
        if (Files.isDirectory(directory)) {
          return List.of(dockerStyle(domain, directory));
        }
      } catch (IOException e) {
        throw new Misconfigured("cannot read the registry configuration " + file, e);
      }
    }
    return List.of(RegistryHost.direct(domain));
  }

  private List<Path> candidates(String domain) {
    Set<String> names = new LinkedHashSet<>();
    int colon = domain.lastIndexOf(':');
    if (colon > domain.lastIndexOf(']')) {
      names.add(domain.substring(0, colon) + "_" + domain.substring(colon + 1) + "_");
    }
    names.add(domain);
    names.add("_default");
    List<Path> candidates = new ArrayList<>();
    for (Path directory : directories) {
      for (String name : names) {
        candidates.add(directory.resolve(name));
      }
    }
    return candidates;
  }

  private List<RegistryHost> read(String domain, Path file) throws IOException, Misconfigured {
    FileTime modified = Files.getLastModifiedTime(file);
    long size = Files.size(file);
    @Nullable Cached cached = cache.get(domain);
    if (cached != null
        && cached.file.equals(file)
        && cached.modified.equals(modified)
        && cached.size == size) {
      return cached.hosts;
    }
    List<RegistryHost> hosts = HostsToml.parse(domain, file, Files.readString(file));
    if (cache.size() >= MAX_CACHED) {
      cache.clear();
    }
    cache.put(domain, new Cached(file, modified, size, hosts));
    return hosts;
  }

  private static RegistryHost dockerStyle(String domain, Path directory) throws Misconfigured {
    List<Path> authorities = new ArrayList<>();
    List<TlsSettings.ClientCertificate> clients = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
      Set<Path> sorted = new TreeSet<>();
      files.forEach(sorted::add);
      for (Path file : sorted) {
        String name = String.valueOf(file.getFileName());
        if (name.endsWith(".crt")) {
          authorities.add(file);
        } else if (name.endsWith(".cert")) {
          Path key = directory.resolve(name.substring(0, name.length() - 5) + ".key");
          clients.add(new TlsSettings.ClientCertificate(file, key));
        }
      }
    } catch (IOException e) {
      throw new Misconfigured("cannot read the registry configuration in " + directory, e);
    }
    RegistryHost direct = RegistryHost.direct(domain);
    return new RegistryHost(
        direct.base(),
        true,
        direct.capabilities(),
        new TlsSettings(false, authorities, clients, TlsSettings.CONNECT_TIMEOUT),
        direct.headers());
  }
}
