package dev.hearth.runtime.network.cni;

import com.google.gson.JsonObject;
import dev.hearth.runtime.network.IpPrefix;
import dev.hearth.runtime.network.NetworkAttachment;
import dev.hearth.runtime.network.netlink.MacAddress;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * What ADD answers (section 5). Whatever it holds that is not looked at here is kept and handed to
 * the next plugin as it came.
 */
final class AddResult {
  private final JsonObject body;
  private final List<JsonObject> interfaces;
  private final List<Address> addresses;

  private AddResult(JsonObject body, List<JsonObject> interfaces, List<Address> addresses) {
    this.body = body;
    this.interfaces = interfaces;
    this.addresses = addresses;
  }

  private record Address(IpPrefix prefix, Optional<InetAddress> gateway, Optional<Integer> link) {}

  /**
   * Reads what a plugin said, in whatever version that is written, into the version that was asked
   * for. Versions differ in one thing: up to 0.4.0 each address names its family.
   *
   * @throws IllegalArgumentException whose message ends a sentence that begins with the plugin
   */
  static AddResult parse(String text, CniVersion version) {
    JsonObject body = StrictJson.object(text);
    Optional<String> spoken = StrictJson.string(body, "cniVersion");
    if (spoken.isPresent() && CniVersion.of(spoken.get()).isEmpty()) {
      throw new IllegalArgumentException(
          "answered in version " + spoken.get() + " to a call in version " + version);
    }
    body.addProperty("cniVersion", version.toString());
    List<JsonObject> interfaces = StrictJson.objects(body, "interfaces");
    interfaces.forEach(each -> {
      var _ = StrictJson.string(each, "name");
      var _ = StrictJson.string(each, "mac");
      var _ = StrictJson.string(each, "sandbox");
    });
    List<Address> addresses = new ArrayList<>();
    for (JsonObject ip : StrictJson.objects(body, "ips")) {
      addresses.add(address(ip, interfaces.size(), version));
    }
    return new AddResult(body, interfaces, addresses);
  }

  private static Address address(JsonObject ip, int interfaces, CniVersion version) {
    IpPrefix prefix = prefix(StrictJson.required(ip, "address"));
    Optional<String> family = StrictJson.string(ip, "version");
    String real = prefix.isIpv4() ? "4" : "6";
    if (family.isPresent() && !family.get().equals(real)) {
      throw new IllegalArgumentException(
          "calls " + prefix + " an address of IPv" + PluginRunner.shown(family.get()));
    }
    ip.remove("version");
    if (version.namesFamilies()) {
      ip.addProperty("version", real);
    }
    Optional<InetAddress> gateway =
        StrictJson.string(ip, "gateway").filter(text -> !text.isEmpty()).map(AddResult::literal);
    if (gateway.isPresent()
        && gateway.get().getAddress().length != prefix.address().getAddress().length) {
      throw new IllegalArgumentException(
          "gives " + prefix + " a gateway of the other family: " + gateway.get().getHostAddress());
    }
    Optional<Integer> link = StrictJson.index(ip, "interface");
    if (link.isPresent() && (link.get() < 0 || link.get() >= interfaces)) {
      throw new IllegalArgumentException(
          "gives " + prefix + " to an interface that it does not name: " + link.get());
    }
    return new Address(prefix, gateway, link);
  }

  private static IpPrefix prefix(String text) {
    IpPrefix prefix;
    try {
      int slash = text.indexOf('/');
      if (slash < 0) {
        throw new IllegalArgumentException("no length");
      }
      prefix =
          new IpPrefix(
              literal(text.substring(0, slash)), Integer.parseInt(text.substring(slash + 1)));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "gives an address that is none: " + PluginRunner.shown(text), e);
    }
    InetAddress address = prefix.address();
    if (address.isAnyLocalAddress()
        || address.isLoopbackAddress()
        || address.isMulticastAddress()) {
      throw new IllegalArgumentException("gives an address that no pod can have: " + prefix);
    }
    return prefix;
  }

  private static InetAddress literal(String text) {
    if (text.indexOf('%') >= 0) {
      throw new IllegalArgumentException("gives an address with a scope: " + text);
    }
    return InetAddress.ofLiteral(text);
  }

  JsonObject body() {
    return body;
  }

  /**
   * The pod's interface and its addresses, of which a pod has one of each family.
   *
   * @throws IllegalArgumentException if there are none
   */
  NetworkAttachment attachment(String interfaceName) {
    List<IpPrefix> prefixes = new ArrayList<>();
    List<InetAddress> gateways = new ArrayList<>();
    for (Address address : addresses) {
      boolean another = prefixes.stream().anyMatch(p -> p.isIpv4() == address.prefix.isIpv4());
      if (another || !isOf(interfaceName, address)) {
        continue;
      }
      prefixes.add(address.prefix);
      address.gateway.ifPresent(gateways::add);
    }
    if (prefixes.isEmpty()) {
      throw new IllegalArgumentException("gave the pod no address");
    }
    return new NetworkAttachment(interfaceName, mac(interfaceName), prefixes, gateways, hostLink());
  }

  private boolean isOf(String interfaceName, Address address) {
    return address.link.isEmpty()
        || StrictJson.string(interfaces.get(address.link.get()), "name")
            .filter(interfaceName::equals)
            .isPresent();
  }

  private MacAddress mac(String interfaceName) {
    for (JsonObject each : interfaces) {
      String mac = StrictJson.string(each, "mac").orElse("");
      if (interfaceName.equals(StrictJson.string(each, "name").orElse("")) && !mac.isEmpty()) {
        try {
          return MacAddress.of(HexFormat.ofDelimiter(":").parseHex(mac));
        } catch (IllegalArgumentException _) {
          return new MacAddress(0); // Infiniband's are longer.
        }
      }
    }
    return new MacAddress(0);
  }

  /** The last interface outside of any pod; plugins name a bridge before the cable. */
  private String hostLink() {
    String link = "";
    for (JsonObject each : interfaces) {
      if (StrictJson.string(each, "sandbox").orElse("").isEmpty()) {
        link = StrictJson.string(each, "name").orElse(link);
      }
    }
    return link;
  }
}
