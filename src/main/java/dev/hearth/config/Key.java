package dev.hearth.config;

import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.tomlj.Toml;

/**
 * A key of hearth.toml. {@link #ALL} is the whole vocabulary; docs/configuration.md and the sample
 * file are held to it by a test.
 *
 * @param name as in the file, table and key joined by a point
 * @param standard the default as TOML writes it
 */
public record Key<T>(String name, Kind<T> kind, String standard) {
  public static final Key<Path> ROOT = new Key<>("root", Kind.path(), "\"/var/lib/hearth\"");
  public static final Key<Path> STATE = new Key<>("state", Kind.path(), "\"/run/hearth\"");

  /** Unless it is given it lies in the state folder, wherever that is. */
  public static final Key<Path> SOCKET =
      new Key<>("socket", Kind.path(), "\"/run/hearth/hearth.sock\"");

  public static final Key<LogLevel> LOG_LEVEL =
      new Key<>("log.level", Kind.oneOf(LogLevel.class), "\"info\"");

  static final Key<String> CGROUP_PARENT = new Key<>("cgroup.parent", Kind.text(), "\"/hearth\"");
  static final Key<CgroupDriver> CGROUP_DRIVER =
      new Key<>("cgroup.driver", Kind.oneOf(CgroupDriver.class), "\"auto\"");

  static final Key<Path> REGISTRY_HOSTS =
      new Key<>("registry.hosts", Kind.path(), "\"/etc/hearth/hosts\"");
  static final Key<List<String>> REGISTRY_PLAIN_HTTP =
      new Key<>("registry.plain_http", Kind.list("a list of hosts", host -> host), "[]");

  static final Key<List<String>> IMAGES_PINNED =
      new Key<>("images.pinned", Kind.list("a list of images", image -> image), "[]");

  static final Key<NetworkMode> NETWORK_MODE =
      new Key<>("network.mode", Kind.oneOf(NetworkMode.class), "\"auto\"");
  static final Key<String> NETWORK_BRIDGE = new Key<>("network.bridge", Kind.text(), "\"hearth0\"");
  static final Key<List<Subnet>> NETWORK_SUBNETS =
      new Key<>(
          "network.subnets",
          Kind.list("a list of subnets", Subnet::parse),
          "[\"10.201.0.0/16\", \"fdc7:93ab:6d40::/64\"]");
  static final Key<Integer> NETWORK_MTU = new Key<>("network.mtu", Kind.number(), "0");
  static final Key<Path> NETWORK_CNI_CONFIG =
      new Key<>("network.cni_config", Kind.path(), "\"/etc/cni/net.d\"");
  static final Key<List<Path>> NETWORK_CNI_PLUGINS =
      new Key<>(
          "network.cni_plugins",
          Kind.list("a list of absolute paths", Kind::absolute),
          "[\"/opt/cni/bin\", \"/usr/lib/cni\"]");
  static final Key<Integer> NETWORK_CNI_TIMEOUT =
      new Key<>("network.cni_timeout_ms", Kind.number(), "60000");

  static final Key<Optional<Path>> NRI_SOCKET =
      new Key<>("nri.socket", Kind.optionalPath(), "\"\"");
  static final Key<Path> NRI_PLUGINS =
      new Key<>("nri.plugins", Kind.path(), "\"/opt/nri/plugins\"");
  static final Key<Path> NRI_PLUGIN_CONFIG =
      new Key<>("nri.plugin_config", Kind.path(), "\"/etc/nri/conf.d\"");
  static final Key<Integer> NRI_REGISTRATION_TIMEOUT =
      new Key<>("nri.registration_timeout_ms", Kind.number(), "5000");
  static final Key<Integer> NRI_REQUEST_TIMEOUT =
      new Key<>("nri.request_timeout_ms", Kind.number(), "2000");
  static final Key<List<String>> HANDLERS_PLAIN =
      new Key<>("handlers.plain", Kind.list("a list of names", name -> name), "[\"hearth\"]");
  static final Key<List<String>> HANDLERS_USER_NAMESPACE =
      new Key<>("handlers.user_namespace", Kind.list("a list of names", name -> name), "[]");
  static final Key<Integer> HANDLERS_FIRST_ID =
      new Key<>("handlers.first_id", Kind.number(), "1073741824");
  static final Key<Integer> HANDLERS_IDS_FOR_PODS =
      new Key<>("handlers.ids_for_pods", Kind.number(), "4096");

  static final Key<List<Path>> CDI_SPEC_DIRS =
      new Key<>(
          "cdi.spec_dirs",
          Kind.list("a list of absolute paths", Kind::absolute),
          "[\"/etc/cdi\", \"/var/run/cdi\"]");
  static final Key<InetSocketAddress> STREAM_ADDRESS =
      new Key<>("stream.address", Kind.address(), "\"127.0.0.1:0\"");

  /** Every key there is, in the order of the documentation. */
  static final List<Key<?>> ALL =
      List.of(
          ROOT,
          STATE,
          SOCKET,
          LOG_LEVEL,
          CGROUP_PARENT,
          CGROUP_DRIVER,
          REGISTRY_HOSTS,
          REGISTRY_PLAIN_HTTP,
          IMAGES_PINNED,
          NETWORK_MODE,
          NETWORK_BRIDGE,
          NETWORK_SUBNETS,
          NETWORK_MTU,
          NETWORK_CNI_CONFIG,
          NETWORK_CNI_PLUGINS,
          NETWORK_CNI_TIMEOUT,
          HANDLERS_PLAIN,
          HANDLERS_USER_NAMESPACE,
          HANDLERS_FIRST_ID,
          HANDLERS_IDS_FOR_PODS,
          CDI_SPEC_DIRS,
          NRI_SOCKET,
          NRI_PLUGINS,
          NRI_PLUGIN_CONFIG,
          NRI_REGISTRATION_TIMEOUT,
          NRI_REQUEST_TIMEOUT,
          STREAM_ADDRESS);

  /** The default. It is read by the same code as a file's, so it cannot be of another kind. */
  T standardValue() {
    Object value = Objects.requireNonNull(Toml.parse("x = " + standard).get("x"));
    return kind.read().apply(value);
  }
}
