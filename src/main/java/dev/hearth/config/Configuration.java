package dev.hearth.config;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What an operator decides. Every value has a default, and {@link ConfigurationFile} says where the
 * values come from; docs/configuration.md explains each.
 *
 * @param root where images, layers and records live; on a disk
 * @param state where sockets, namespace pins and shim state live; on a tmpfs, and nothing in it
 *     outlives a boot
 * @param socket the Unix socket on which CRI is served
 */
public record Configuration(
    Path root,
    Path state,
    Path socket,
    Log log,
    Cgroup cgroup,
    Registry registry,
    Images images,
    Network network,
    Handlers handlers,
    Cdi cdi,
    Nri nri,
    Stream stream) {

  /** Read when no other file is named, if it exists. */
  public static final Path DEFAULT_FILE = Path.of("/etc/hearth/hearth.toml");

  /** What sun_path of a Unix socket address holds, less its end, unix(7). */
  private static final int SOCKET_PATH_BYTES = 107;

  public Configuration {
    requireAbsolute(Key.ROOT, root);
    requireAbsolute(Key.STATE, state);
    requireAbsolute(Key.SOCKET, socket);
    if (root.startsWith(state) || state.startsWith(root)) {
      throw new UnfitValueException(
          Key.STATE, state + " and root " + root + " must not lie in one another");
    }
    requireFits(Key.SOCKET, socket);
  }

  private static void requireFits(Key<?> key, Path socket) {
    if (socket.toString().getBytes(UTF_8).length > SOCKET_PATH_BYTES) {
      throw new UnfitValueException(
          key, socket + " is longer than " + SOCKET_PATH_BYTES + " bytes, see unix(7)");
    }
  }

  private static void requireAbsolute(Key<Path> key, Path path) {
    if (!path.isAbsolute()) {
      throw new UnfitValueException(key, "must be an absolute path, not " + path);
    }
  }

  /** The daemon's own log, on standard error. */
  public record Log(LogLevel level) {}

  /**
   * Where the cgroups of pods go that name no parent of their own.
   *
   * @param parent a path from the root of each hierarchy, like {@code /hearth}
   */
  public record Cgroup(String parent, CgroupDriver driver) {
    public Cgroup {
      Path path = Path.of(parent);
      if (!path.isAbsolute() || !path.normalize().equals(path) || path.getNameCount() == 0) {
        throw new UnfitValueException(
            Key.CGROUP_PARENT, "must be a path like /hearth, without . or .., not " + parent);
      }
    }
  }

  /**
   * How registries are reached.
   *
   * @param hosts a folder with {@code HOST/hosts.toml} in containerd's layout: mirrors,
   *     certificates
   * @param plainHttp hosts, with their port where it is not 80, spoken to without TLS
   */
  public record Registry(Path hosts, List<String> plainHttp) {
    public Registry {
      requireAbsolute(Key.REGISTRY_HOSTS, hosts);
      plainHttp = List.copyOf(plainHttp);
      for (String host : plainHttp) {
        if (!host.matches("(\\[[0-9A-Fa-f:.]+]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?")) {
          throw new UnfitValueException(
              Key.REGISTRY_PLAIN_HTTP, "holds hosts like registry.local:5000, not " + host);
        }
      }
    }
  }

  /**
   * Images on this node.
   *
   * @param pinned references of those to be spared by the kubelet's garbage collection; {@code *}
   *     stands for any characters
   */
  public record Images(List<String> pinned) {
    public Images {
      pinned = List.copyOf(pinned);
      for (String image : pinned) {
        if (!image.matches("[A-Za-z0-9.:/@_*\\[\\]-]+")) {
          throw new UnfitValueException(
              Key.IMAGES_PINNED, "holds images like registry.local/pause:*, not " + image);
        }
      }
    }
  }

  /**
   * The runtime handlers that pods may name, as a RuntimeClass of Kubernetes does.
   *
   * @param plain names of those whose pods are as they are asked for; the default needs none
   * @param userNamespace names of those whose pods get a user namespace unless they bring one
   * @param firstId of the node's ids for these namespaces
   * @param idsForPods how many pods there are ids for, 65,536 for each
   */
  public record Handlers(
      List<String> plain, List<String> userNamespace, int firstId, int idsForPods) {
    private static final int IDS_OF_A_POD = 65_536;

    /** 2^32-1 is no id. */
    private static final long END = 0xFFFF_FFFFL;

    public Handlers {
      plain = List.copyOf(plain);
      userNamespace = List.copyOf(userNamespace);
      requireNames(Key.HANDLERS_PLAIN, plain);
      requireNames(Key.HANDLERS_USER_NAMESPACE, userNamespace);
      for (String name : userNamespace) {
        if (plain.contains(name)) {
          throw new UnfitValueException(
              Key.HANDLERS_USER_NAMESPACE, "and handlers.plain both have " + name);
        }
      }
      if (firstId < IDS_OF_A_POD) {
        throw new UnfitValueException(
            Key.HANDLERS_FIRST_ID, "must leave the node its own, up to 65535, not " + firstId);
      }
      if (idsForPods < 1 || firstId + (long) idsForPods * IDS_OF_A_POD > END) {
        throw new UnfitValueException(
            Key.HANDLERS_IDS_FOR_PODS,
            "must be 1 to " + (END - firstId) / IDS_OF_A_POD + ", not " + idsForPods);
      }
    }

    /** As Kubernetes has them, a DNS label (RFC 1123). */
    private static void requireNames(Key<?> key, List<String> names) {
      for (String name : names) {
        if (!name.matches("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")) {
          throw new UnfitValueException(
              key, "holds names of small letters, digits and -, at most 63, not " + name);
        }
      }
      if (Set.copyOf(names).size() < names.size()) {
        throw new UnfitValueException(key, "has a name twice: " + names);
      }
    }
  }

  /**
   * The Container Device Interface.
   *
   * @param folders of files that describe devices; a later one stands above an earlier one
   */
  public record Cdi(List<Path> folders) {
    public Cdi {
      folders = List.copyOf(folders);
      if (Set.copyOf(folders).size() < folders.size()) {
        throw new UnfitValueException(Key.CDI_SPEC_DIRS, "names a folder twice: " + folders);
      }
    }
  }

  /**
   * The Node Resource Interface.
   *
   * @param socket where plugins connect; empty for no plugins at all
   * @param plugins a folder of plugins that the daemon starts itself
   * @param pluginConfig a folder of plugins' own configuration files
   * @param registrationTimeoutMs how long a plugin may take until it is registered and knows what
   *     there is
   * @param requestTimeoutMs how long a plugin may take to answer
   */
  public record Nri(
      Optional<Path> socket,
      Path plugins,
      Path pluginConfig,
      int registrationTimeoutMs,
      int requestTimeoutMs) {
    /** A minute: the kubelet gives a whole call two. */
    private static final int LONGEST_MS = 60_000;

    public Nri {
      socket.ifPresent(path -> requireFits(Key.NRI_SOCKET, path));
      requireAbsolute(Key.NRI_PLUGINS, plugins);
      requireAbsolute(Key.NRI_PLUGIN_CONFIG, pluginConfig);
      requireTimeout(Key.NRI_REGISTRATION_TIMEOUT, registrationTimeoutMs);
      requireTimeout(Key.NRI_REQUEST_TIMEOUT, requestTimeoutMs);
    }

    private static void requireTimeout(Key<Integer> key, int milliseconds) {
      if (milliseconds < 1 || milliseconds > LONGEST_MS) {
        throw new UnfitValueException(key, "must be 1 to " + LONGEST_MS + ", not " + milliseconds);
      }
    }
  }

  /**
   * How clients of exec, attach and port-forward connect.
   *
   * @param address to listen at; port 0 takes any that is free
   */
  public record Stream(InetSocketAddress address) {
    public Stream {
      if (!address.getAddress().isLoopbackAddress()) {
        throw new UnfitValueException(
            Key.STREAM_ADDRESS,
            "must be of the loopback device, for streams are not encrypted, not " + address);
      }
    }
  }

  /**
   * The network of pods.
   *
   * @param bridge the bridge device's name; the names of the daemon's other network objects derive
   *     from it, so two daemons on one machine need two
   * @param subnets at most one of each family
   * @param mtu bytes, or 0 for that of the device which holds the default route
   */
  public record Network(NetworkMode mode, String bridge, List<Subnet> subnets, int mtu, Cni cni) {
    /** IFNAMSIZ less its end, netdevice(7). */
    private static final int DEVICE_NAME_BYTES = 15;

    /** What IPv6 needs of every link, RFC 8200 section 5. */
    private static final int SMALLEST_MTU = 1280;

    public Network {
      subnets = List.copyOf(subnets);
      if (!bridge.matches("[A-Za-z][A-Za-z0-9_-]*") || bridge.length() > DEVICE_NAME_BYTES) {
        throw new UnfitValueException(
            Key.NETWORK_BRIDGE,
            "must be a letter and at most 14 letters, digits, _ or -, not " + bridge);
      }
      if (subnets.stream().filter(Subnet::isIpv4).count() > 1
          || subnets.stream().filter(s -> !s.isIpv4()).count() > 1) {
        throw new UnfitValueException(
            Key.NETWORK_SUBNETS, "holds at most one IPv4 and one IPv6 subnet, not " + subnets);
      }
      if (mode != NetworkMode.NONE && mode != NetworkMode.CNI && subnets.isEmpty()) {
        throw new UnfitValueException(
            Key.NETWORK_SUBNETS,
            "is empty: give a subnet, or set network.mode to \"none\" or \"cni\"");
      }
      for (Subnet subnet : subnets) {
        int hostBits = (subnet.isIpv4() ? 32 : 128) - subnet.prefixLength();
        if (hostBits < 2) {
          throw new UnfitValueException(
              Key.NETWORK_SUBNETS, subnet + " has no room for a bridge and a pod");
        }
      }
      if (mtu != 0 && (mtu < SMALLEST_MTU || mtu > 65535)) {
        throw new UnfitValueException(
            Key.NETWORK_MTU, "must be 0 or " + SMALLEST_MTU + " to 65535, not " + mtu);
      }
    }

    /**
     * Networks that plugins make.
     *
     * @param configuration folder of network configurations, of which the first by name counts
     * @param plugins folders of plugins, the first that has one counts
     * @param timeoutMs what all plugins of a network together may take for one pod
     */
    public record Cni(Path configuration, List<Path> plugins, int timeoutMs) {
      /** Ten minutes; the kubelet gives a whole call two, and asks again. */
      private static final int LONGEST_MS = 600_000;

      public Cni {
        requireAbsolute(Key.NETWORK_CNI_CONFIG, configuration);
        plugins = List.copyOf(plugins);
        if (plugins.isEmpty()) {
          throw new UnfitValueException(Key.NETWORK_CNI_PLUGINS, "is empty: give a folder");
        }
        for (Path folder : plugins) {
          if (!folder.isAbsolute() || folder.toString().contains(":")) {
            throw new UnfitValueException(
                Key.NETWORK_CNI_PLUGINS, "holds absolute paths without a colon, not " + folder);
          }
        }
        if (timeoutMs < 1 || timeoutMs > LONGEST_MS) {
          throw new UnfitValueException(
              Key.NETWORK_CNI_TIMEOUT, "must be 1 to " + LONGEST_MS + ", not " + timeoutMs);
        }
      }
    }

    /** The IPv4 subnet, if pods get IPv4 addresses. */
    public Optional<Subnet> ipv4() {
      return subnets.stream().filter(Subnet::isIpv4).findFirst();
    }

    /** The IPv6 subnet, if pods get IPv6 addresses. */
    public Optional<Subnet> ipv6() {
      return subnets.stream().filter(s -> !s.isIpv4()).findFirst();
    }
  }
}
