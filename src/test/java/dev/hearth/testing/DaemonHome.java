package dev.hearth.testing;

import dev.hearth.config.LogLevel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.NetworkInterface;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;

/**
 * Everything on a machine that one daemon calls its own. Names and addresses derive from a number,
 * so that daemons of different tests do not meet.
 *
 * @param folder holds root, state and configuration
 * @param number 0 to 8191
 * @param plainHttp registries to be spoken to without TLS
 * @param level how much the daemon logs
 */
public record DaemonHome(Path folder, int number, List<String> plainHttp, LogLevel level) {
  private static final int NUMBERS = 1 << 13;

  /** Who makes the cgroups in tests: systemd can only where it is process 1. */
  private static final String DRIVER = System.getProperty("hearth.cgroup-driver", "cgroupfs");

  public DaemonHome {
    plainHttp = List.copyOf(plainHttp);
    if (number < 0 || number >= NUMBERS) {
      throw new IllegalArgumentException("number must be 0 to 8191, not " + number);
    }
  }

  /** A home whose daemon logs everything. */
  public DaemonHome(Path folder, int number, List<String> plainHttp) {
    this(folder, number, plainHttp, LogLevel.DEBUG);
  }

  /** A home in {@code folder} with a number that nothing on this machine uses at the moment. */
  public static DaemonHome in(Path folder, String... plainHttp) {
    RandomGenerator random = new Random();
    DaemonHome home;
    do {
      home = new DaemonHome(folder, random.nextInt(NUMBERS), List.of(plainHttp));
    } while (home.isTaken());
    return home;
  }

  private boolean isTaken() {
    String prefix = ipv4().substring(0, ipv4().lastIndexOf('.') + 1);
    try {
      return NetworkInterface.networkInterfaces()
          .flatMap(NetworkInterface::inetAddresses)
          .anyMatch(address -> address.getHostAddress().startsWith(prefix));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public Path root() {
    return folder.resolve("root");
  }

  public Path state() {
    return folder.resolve("state");
  }

  public Path socket() {
    return state().resolve("hearth.sock");
  }

  /** Where plugins lie that the daemon starts itself. */
  public Path nriPlugins() {
    return folder.resolve("nri-plugins");
  }

  /** Where plugins connect. */
  public Path nriSocket() {
    return state().resolve("nri.sock");
  }

  /** Where files lie that describe devices. */
  public Path cdi() {
    return folder.resolve("cdi");
  }

  /** Where the tests' pods put their logs. */
  public Path logs() {
    return folder.resolve("logs");
  }

  public Path daemonLog() {
    return folder.resolve("hearthd.log");
  }

  public Path configuration() {
    return folder.resolve("hearth.toml");
  }

  public String bridge() {
    return "hth%04x".formatted(number);
  }

  public String cgroupParent() {
    return (DRIVER.equals("systemd") ? "/hearth_test_%04x.slice" : "/hearth-test-%04x")
        .formatted(number);
  }

  /** One of 8192 networks for 508 pods in shared address space, RFC 6598: no node's own. */
  public String ipv4() {
    return "100.%d.%d.0/23".formatted(64 + number / 128, number % 128 * 2);
  }

  public String ipv6() {
    return "fdc7:93ab:6d41:%x::/64".formatted(number);
  }

  /** Writes the daemon's configuration. */
  void write() throws IOException {
    Files.createDirectories(folder);
    Files.createDirectories(logs());
    String hosts =
        plainHttp.stream().map(host -> '"' + host + '"').collect(Collectors.joining(", "));
    Files.writeString(
        configuration(),
        """
        root = "%s"
        state = "%s"
        [log]
        level = "%s"
        [cgroup]
        parent = "%s"
        driver = "%s"
        [registry]
        hosts = "%s"
        plain_http = [%s]
        [network]
        mode = "bridge"
        bridge = "%s"
        subnets = ["%s", "%s"]
        [handlers]
        user_namespace = ["own-users"]
        first_id = 300000000
        ids_for_pods = 3
        [cdi]
        spec_dirs = ["%s"]
        [nri]
        socket = "%s"
        plugins = "%s"
        plugin_config = "%s"
        """
            .formatted(
                root(),
                state(),
                level.name().toLowerCase(Locale.ROOT),
                cgroupParent(),
                DRIVER,
                folder.resolve("hosts"),
                hosts,
                bridge(),
                ipv4(),
                ipv6(),
                cdi(),
                nriSocket(),
                nriPlugins(),
                folder.resolve("nri")));
  }
}
