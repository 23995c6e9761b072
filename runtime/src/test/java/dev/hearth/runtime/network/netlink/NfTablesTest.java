package dev.hearth.runtime.network.netlink;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Bytes worked out by hand from the kernel's headers, for little-endian machines. */
class NfTablesTest {
  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }

  private static String hex(String... parts) {
    return String.join("", parts).replace(" ", "");
  }

  @Test
  void tableIsOfTheFamilyInet() {
    NetlinkMessage message = NfTables.addTable("t");

    assertThat(message.type()).isEqualTo(0x0a00);
    assertThat(message.flags()).isEqualTo(NetlinkMessage.CREATE);
    assertThat(hex(message.body())).isEqualTo(hex("01000000", "0600 0100 7400 0000"));
  }

  @Test
  void baseChainHasHookPriorityPolicyAndType() {
    NetlinkMessage message = NfTables.addBaseChain("t", "c", "nat", NfTables.Hook.PREROUTING, -100);

    assertThat(message.type()).isEqualTo(0x0a03);
    assertThat(hex(message.body()))
        .isEqualTo(
            hex(
                "01000000",
                "0600 0100 7400 0000",
                "0600 0300 6300 0000",
                "1400 0480 0800 0100 00000000 0800 0200 ffffff9c",
                "0800 0500 00000001",
                "0800 0700 6e617400"));
  }

  @Test
  void mapOfConcatenationsHasTheTypesOfItsParts() {
    NetlinkMessage message =
        NfTables.addSet(
            "t",
            "m",
            1,
            List.of(NfTables.Field.PROTOCOL, NfTables.Field.PORT),
            List.of(NfTables.Field.IPV4_ADDRESS, NfTables.Field.PORT));

    assertThat(message.type()).isEqualTo(0x0a09);
    assertThat(hex(message.body()))
        .isEqualTo(
            hex(
                "01000000",
                "0600 0100 7400 0000",
                "0600 0200 6d00 0000",
                "0800 0300 00000008",
                "0800 0400 0000030d",
                "0800 0500 00000008",
                "0800 0600 000001cd",
                "0800 0700 00000008",
                "0800 0a00 00000001"));
  }

  @Test
  void elementIsAddedWithKeyAndValueAndDeletedByItsKey() {
    byte[] key = NfTables.concatenate(new byte[] {6}, new byte[] {0x1f, (byte) 0x90});
    byte[] value = NfTables.concatenate(new byte[] {10, 0, 0, 5}, new byte[] {0, 80});
    List<NfTables.Element> elements = List.of(NfTables.Element.of(key, value));

    NetlinkMessage add = NfTables.addElements("t", "m", elements);
    NetlinkMessage delete = NfTables.deleteElements("t", "m", elements);

    assertThat(add.type()).isEqualTo(0x0a0c);
    assertThat(hex(add.body()))
        .isEqualTo(
            hex(
                "01000000",
                "0600 0100 7400 0000",
                "0600 0200 6d00 0000",
                "2800 0380",
                "2400 0180",
                "1000 0180 0c00 0100 06000000 1f900000",
                "1000 0280 0c00 0100 0a000005 00500000"));
    assertThat(delete.type()).isEqualTo(0x0a0e);
    assertThat(hex(delete.body())).endsWith(hex("1000 0180 0c00 0100 06000000 1f900000"));
  }

  @Test
  void elementsAreReadBack() {
    byte[] key = {1, 2, 3, 4};
    byte[] value = {5, 6, 7, 8};
    NetlinkMessage add = NfTables.addElements("t", "m", List.of(NfTables.Element.of(key, value)));

    List<NfTables.Element> read = NfTables.parseElements(add.body());

    assertThat(read).containsExactly(NfTables.Element.of(key, value));
  }

  @Test
  void ruleIsAListOfExpressions() {
    Rule rule =
        new Rule().family(Rule.Family.IPV4).from(InetAddress.ofLiteral("10.0.0.0"), 8).masquerade();

    NetlinkMessage message = NfTables.addRule("t", "c", rule);

    assertThat(message.flags()).isEqualTo(0xc00);
    assertThat(hex(message.body()))
        .isEqualTo(
            hex(
                "01000000",
                "0600 0100 7400 0000",
                "0600 0200 6300 0000",
                "1401 0480",
                "2400 0180 0900 0100 6d65746100 000000 1400 0280",
                "0800 0100 00000008 0800 0200 0000000f",
                "2c00 0180 0800 0100 636d7000 2000 0280",
                "0800 0100 00000008 0800 0200 00000000 0c00 0380 0500 0100 02 000000",
                "3400 0180 0c00 0100 7061796c6f616400 2400 0280",
                "0800 0100 00000008 0800 0200 00000001 0800 0300 0000000c 0800 0400 00000004",
                "4400 0180 0c00 0100 6269747769736500 3400 0280",
                "0800 0100 00000008 0800 0200 00000008 0800 0300 00000004",
                "0c00 0480 0800 0100 ff000000 0c00 0580 0800 0100 00000000",
                "2c00 0180 0800 0100 636d7000 2000 0280",
                "0800 0100 00000008 0800 0200 00000000 0c00 0380 0800 0100 0a000000",
                "1c00 0180 0900 0100 6d61737100 000000 0c00 0280",
                "0800 0100 00000010"));
  }

  @Test
  void jumpNamesItsChain() {
    assertThat(hex(NfTables.addRule("t", "c", new Rule().jump("x")).body()))
        .endsWith(
            hex(
                "3800 0180 0e00 0100 696d6d65646961746500 0000 2400 0280",
                "0800 0100 00000000 1800 0280 1400 0280",
                "0800 0100 fffffffd 0600 0200 7800 0000"));
  }

  @Test
  void batchIsFramedAndItsLastChangeAcknowledged() {
    List<NetlinkMessage> batch =
        NfTables.batch(List.of(NfTables.addTable("a"), NfTables.addTable("b")));

    assertThat(batch).extracting(NetlinkMessage::type).containsExactly(0x10, 0xa00, 0xa00, 0x11);
    assertThat(batch)
        .extracting(m -> (m.flags() & NetlinkMessage.ACK) != 0)
        .containsExactly(false, false, true, false);
    assertThat(hex(batch.getFirst().body())).isEqualTo("0000000a");
  }

  @Test
  void chainOfAnotherIsReadWithWhatItDoesToForwardedPackets() {
    byte[] body =
        new MessageWriter()
            .headerU8(2)
            .headerU8(0)
            .headerU16(0)
            .string(1, "filter")
            .string(3, "FORWARD")
            .nest(4, hook -> hook.be32(1, 2).be32(2, 0))
            .be32(5, 0)
            .toBytes();

    NfTables.Chain chain = NfTables.Chain.parse(body);

    assertThat(chain).isEqualTo(new NfTables.Chain(2, "filter", "FORWARD", 2, true));
    assertThat(chain.forwards()).isTrue();
  }
}
