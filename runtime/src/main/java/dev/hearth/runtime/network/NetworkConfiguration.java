package dev.hearth.runtime.network;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * How the built-in network of one daemon is set up. Everything it makes is named after its bridge,
 * so daemons with different bridges and subnets live side by side.
 *
 * @param bridge name of the bridge, 1 to 15 characters
 * @param subnets at most one of each family; the first address of each is the bridge's
 * @param mtu bytes; 0 for that of the link with the default route
 * @param prepared how many pods' networks are kept ready beforehand
 */
public record NetworkConfiguration(String bridge, List<IpPrefix> subnets, int mtu, int prepared) {
  /** Enough for the pods that a node usually starts at a time. */
  public static final int USUALLY_PREPARED = 4;

  private static final int LONGEST_LINK_NAME = 15;

  public NetworkConfiguration {
    if (bridge.isEmpty() || bridge.length() > LONGEST_LINK_NAME) {
      throw new IllegalArgumentException("a bridge cannot be named '" + bridge + "'");
    }
    subnets =
        subnets.stream()
            .map(s -> s.plus(0))
            .sorted((a, b) -> Boolean.compare(b.isIpv4(), a.isIpv4()))
            .toList();
    if (subnets.stream().map(IpPrefix::isIpv4).distinct().count() != subnets.size()) {
      throw new IllegalArgumentException("more than one subnet of a family: " + subnets);
    }
  }

  /** With as many networks kept ready as is usual. */
  public NetworkConfiguration(String bridge, List<IpPrefix> subnets, int mtu) {
    this(bridge, subnets, mtu, USUALLY_PREPARED);
  }

  /** The table of nf_tables, of the family inet, that holds all rules. */
  String table() {
    return bridge.startsWith("hearth") ? bridge : "hearth-" + bridge;
  }

  /** What the names of the host's ends of pods' links begin with. */
  String linkPrefix() {
    CRC32C crc = new CRC32C();
    crc.update(bridge.getBytes(StandardCharsets.UTF_8));
    return "h" + HexFormat.of().toHexDigits((short) crc.getValue());
  }

  /** The bridge's own addresses, which are the pods' gateways. */
  List<IpPrefix> gateways() {
    return subnets.stream().map(s -> s.plus(1)).toList();
  }

  Optional<IpPrefix> subnet(boolean ipv4) {
    return subnets.stream().filter(s -> s.isIpv4() == ipv4).findFirst();
  }
}
