package dev.hearth.runtime.network;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.runtime.model.PortMapping;
import dev.hearth.runtime.model.PortMapping.Protocol;
import dev.hearth.runtime.network.netlink.Attributes;
import dev.hearth.runtime.network.netlink.NetlinkMessage;
import dev.hearth.runtime.network.netlink.NfTables;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class NatRulesTest {
  private static final int ADD_ELEMENTS = 0xa0c;
  private static final int DELETE_ELEMENTS = 0xa0e;

  private final NatRules rules = rules("10.9.0.0/24", "fd00:9::/64");

  private static NatRules rules(String... subnets) {
    return new NatRules(
        new NetworkConfiguration(
            "hearth0", List.of(subnets).stream().map(IpPrefix::parse).toList(), 0));
  }

  private static Lease lease(PortMapping... ports) {
    return new Lease(
        AddressBookTest.pod(1),
        "h0",
        List.of(InetAddress.ofLiteral("10.9.0.5"), InetAddress.ofLiteral("fd00:9::5")),
        List.of(ports));
  }

  /** By set, the keys and values that messages of a type carry. */
  private static Map<String, List<String>> elements(List<NetlinkMessage> messages, int type) {
    Map<String, List<String>> sets = new TreeMap<>();
    for (NetlinkMessage message : messages) {
      if (message.type() == type) {
        String set = Attributes.parse(message.body(), 4).string(2).orElseThrow();
        sets.put(
            set,
            NfTables.parseElements(message.body()).stream()
                .map(e -> hex(e.key()) + (e.value().hasRemaining() ? ":" + hex(e.value()) : ""))
                .toList());
      }
    }
    return sets;
  }

  private static String hex(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.duplicate().get(bytes);
    return HexFormat.of().formatHex(bytes);
  }

  @Test
  void hostPortOfAllAddressesIsOpenedInBothFamilies() {
    Lease lease = lease(new PortMapping(Protocol.TCP, 80, 8080, ""));

    assertThat(elements(rules.open(lease), ADD_ELEMENTS))
        .isEqualTo(
            Map.of(
                "ports4", List.of("060000001f900000:0a09000500500000"),
                "returns4", List.of("060000000a090005005000001f900000"),
                "ports6", List.of("060000001f900000:fd00000900000000000000000000000500500000"),
                "returns6", List.of("06000000fd000009000000000000000000000005005000001f900000")));
  }

  @Test
  void hostPortOfOneAddressIsOpenedThereOnly() {
    Lease lease = lease(new PortMapping(Protocol.SCTP, 80, 8080, "192.0.2.1"));

    assertThat(elements(rules.open(lease), ADD_ELEMENTS))
        .isEqualTo(
            Map.of(
                "bound4", List.of("c0000201840000001f900000:0a09000500500000"),
                "returns4", List.of("840000000a090005005000001f900000")));
  }

  @Test
  void hostPortOfAWildcardIsOpenedInItsFamilyOnly() {
    Lease lease =
        lease(
            new PortMapping(Protocol.UDP, 53, 53, "0.0.0.0"),
            new PortMapping(Protocol.UDP, 53, 54, "::"));

    assertThat(elements(rules.open(lease), ADD_ELEMENTS))
        .containsOnlyKeys("ports4", "returns4", "ports6", "returns6")
        .containsEntry("ports4", List.of("1100000000350000:0a09000500350000"));
  }

  @Test
  void closingDeletesTheKeysThatOpeningAdded() {
    Lease lease =
        lease(
            new PortMapping(Protocol.TCP, 80, 8080, ""),
            new PortMapping(Protocol.TCP, 80, 8081, "fd99::1"));

    Map<String, List<String>> opened = elements(rules.open(lease), ADD_ELEMENTS);
    Map<String, List<String>> closed = elements(rules.close(lease), DELETE_ELEMENTS);

    assertThat(closed).containsOnlyKeys(opened.keySet());
    opened.forEach((set, added) ->
        assertThat(closed.get(set))
            .isEqualTo(added.stream().map(e -> e.replaceAll(":.*", "")).toList()));
  }

  @Test
  void leaseWithoutHostPortsChangesNothing() {
    assertThat(rules.open(lease())).isEmpty();
    assertThat(rules.close(lease())).isEmpty();
  }

  @Test
  void onlyFamiliesWithASubnetAreTranslated() {
    Lease lease = lease(new PortMapping(Protocol.TCP, 80, 8080, ""));

    assertThat(elements(rules("10.9.0.0/24").open(lease), ADD_ELEMENTS))
        .containsOnlyKeys("ports4", "returns4");
    assertThat(elements(rules("fd00:9::/64").install(List.of(lease)), ADD_ELEMENTS))
        .containsOnlyKeys("ports6", "returns6");
  }

  @Test
  void installingReplacesTheTableInOneTransactionWithAllLeases() {
    List<NetlinkMessage> messages =
        rules.install(List.of(lease(new PortMapping(Protocol.TCP, 80, 8080, ""))));

    assertThat(messages.subList(1, 4))
        .extracting(NetlinkMessage::operation)
        .containsExactly("add table", "delete table", "add table");
    assertThat(messages.getFirst().operation()).isEqualTo("begin transaction");
    assertThat(messages.getLast().operation()).isEqualTo("commit transaction");
    assertThat(elements(messages, ADD_ELEMENTS)).hasSize(4);
    assertThat(messages).allMatch(m -> !m.object().isEmpty());
  }
}
