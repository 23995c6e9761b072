package dev.hearth.runtime.network.netlink;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.util.HexFormat;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

/** Bytes worked out by hand from the kernel's headers, for little-endian machines. */
class MessagesTest {
  private static final MacAddress MAC = new MacAddress(0x0268_0ac9_0005L);

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }

  private static String hex(String... parts) {
    return String.join("", parts).replace(" ", "");
  }

  @Test
  void loopbackIsBroughtUpByItsIndex() {
    NetlinkMessage message = Links.loopbackUp();

    assertThat(message.type()).isEqualTo(16);
    assertThat(message.flags()).isEqualTo(NetlinkMessage.ACK);
    assertThat(hex(message.body())).isEqualTo(hex("00000000 01000000 01000000 01000000"));
  }

  @Test
  void bridgeIsCreatedExclusivelyWithMacAndMtu() {
    NetlinkMessage message = Links.createBridge("hearth0", MAC, 1500);

    assertThat(message.flags()).isEqualTo(0x604);
    assertThat(hex(message.body()))
        .isEqualTo(
            hex(
                "00000000 00000000 00000000 00000000",
                "0c00 0300 6865617274683000",
                "0a00 0100 02680ac90005 0000",
                "0800 0400 dc050000",
                "1c00 1280",
                "0b00 0100 62726964676500 00",
                "0c00 0280",
                "0800 0100 00000000"));
  }

  @Test
  void vethIsCreatedWithItsPeerInAnotherNamespaceAndNeitherUp() {
    NetlinkMessage message =
        Links.createVeth("h0", OptionalInt.of(7), 1500, new Links.Peer("eth0", MAC, 42));

    assertThat(hex(message.body()))
        .isEqualTo(
            hex(
                "00000000 00000000 00000000 00000000",
                "0700 0300 683000 00",
                "0800 0400 dc050000",
                "0800 0a00 07000000",
                "5000 1280",
                "0900 0100 7665746800 000000",
                "4000 0280",
                "3c00 0180",
                "00000000 00000000 00000000 00000000",
                "0900 0300 6574683000 000000",
                "0a00 0100 02680ac90005 0000",
                "0800 0400 dc050000",
                "0800 1c00 2a000000"));
  }

  @Test
  void portIsOpenedWithHairpinAndWithoutLinkLocalAddress() {
    assertThat(hex(Links.openBridgePort("h0", "x").body()))
        .isEqualTo(
            hex(
                "00000000 00000000 01000000 01000000",
                "0700 0300 683000 00",
                "0600 1400 7800 0000",
                "1c00 1280",
                "0b00 0400 62726964676500 00",
                "0c00 0580",
                "0500 0400 01 000000",
                "1000 1a80",
                "0c00 0a80",
                "0500 0800 01 000000"));
  }

  @Test
  void ipv4AddressIsAddedAsLocalAndAsAddress() {
    NetlinkMessage message = Addresses.add(2, InetAddress.ofLiteral("10.201.0.5"), 16);

    assertThat(message.type()).isEqualTo(20);
    assertThat(message.flags()).isEqualTo(0x504);
    assertThat(hex(message.body()))
        .isEqualTo(hex("02100000 02000000", "0800 0200 0ac90005", "0800 0100 0ac90005"));
  }

  @Test
  void ipv6AddressIsAddedWithoutDuplicateAddressDetection() {
    assertThat(hex(Addresses.add(2, InetAddress.ofLiteral("fd00::5"), 64).body()))
        .isEqualTo(
            hex(
                "0a400000 02000000",
                "1400 0200 fd000000000000000000000000000005",
                "1400 0100 fd000000000000000000000000000005",
                "0800 0800 02000000"));
  }

  @Test
  void defaultRouteGoesToTheMainTable() {
    NetlinkMessage message = Routes.addDefault(2, InetAddress.ofLiteral("10.201.0.1"));

    assertThat(message.type()).isEqualTo(24);
    assertThat(hex(message.body()))
        .isEqualTo(hex("02000000 fe040001 00000000", "0800 0500 0ac90001", "0800 0400 02000000"));
  }

  @Test
  void routeToAPrefixNamesItsDestination() {
    NetlinkMessage message =
        Routes.add(2, InetAddress.ofLiteral("10.9.0.0"), 16, InetAddress.ofLiteral("10.201.0.1"));

    assertThat(hex(message.body()))
        .isEqualTo(
            hex(
                "02100000 fe040001 00000000",
                "0800 0100 0a090000",
                "0800 0500 0ac90001",
                "0800 0400 02000000"));
  }

  @Test
  void linkIsReadAsTheKernelDescribesIt() {
    byte[] statistics = new byte[25 * 8];
    statistics[0] = 3;
    statistics[8] = 4;
    statistics[16] = 30;
    statistics[24] = 40;
    statistics[32] = 1;
    statistics[56] = 2;
    byte[] body =
        new MessageWriter()
            .headerU32(0)
            .headerU32(9)
            .headerU32(0x1003)
            .headerU32(0)
            .string(3, "h0")
            .bytes(1, MAC.bytes())
            .u32(4, 1500)
            .u32(10, 7)
            .u8(16, 6)
            .u32(27, 77)
            .string(20, "pod x")
            .bytes(23, statistics)
            .nest(
                18,
                info -> info.string(1, "veth").string(4, "bridge").nest(5, port -> port.u8(4, 1)))
            .toBytes();

    Link link = Link.parse(body);

    assertThat(link.index()).isEqualTo(9);
    assertThat(link.name()).isEqualTo("h0");
    assertThat(link.kind()).isEqualTo("veth");
    assertThat(link.mac()).contains(MAC).asString().contains("02:68:0a:c9:00:05");
    assertThat(link.mtu()).isEqualTo(1500);
    assertThat(link.master()).isEqualTo(7);
    assertThat(link.group()).isEqualTo(77);
    assertThat(link.alias()).isEqualTo("pod x");
    assertThat(link.up()).isTrue();
    assertThat(link.operational()).isTrue();
    assertThat(link.hairpin()).isTrue();
    assertThat(link.counters()).contains(new Link.Counters(30, 3, 1, 0, 40, 4, 0, 2));
  }

  @Test
  void addressIsReadBack() {
    NetlinkMessage message = Addresses.add(3, InetAddress.ofLiteral("fd00::5"), 64);

    assertThat(Addresses.Assigned.parse(message.body()))
        .isEqualTo(new Addresses.Assigned(3, InetAddress.ofLiteral("fd00::5"), 64));
  }

  @Test
  void routeIsReadBackAndOtherTablesAreLeftOut() {
    byte[] body = Routes.addDefault(2, InetAddress.ofLiteral("fd00::1")).body();

    assertThat(Routes.Route.parse(body))
        .hasValueSatisfying(route -> {
          assertThat(route.prefixLength()).isZero();
          assertThat(route.link()).isEqualTo(2);
          assertThat(route.gateway()).contains(InetAddress.ofLiteral("fd00::1"));
        });
    body[4] = (byte) 255;
    assertThat(Routes.Route.parse(body)).isEmpty();
  }
}
