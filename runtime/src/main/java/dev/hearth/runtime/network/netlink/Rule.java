package dev.hearth.runtime.network.netlink;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/**
 * A rule of nf_tables: expressions that the kernel evaluates in turn, until one does not hold. They
 * pass values in sixteen registers of four bytes, 8 to 23; the first also counts as the sixteen
 * bytes wide register 1. Confined to one thread while it is built.
 */
public final class Rule {
  static final int DROP = 0;
  static final int ACCEPT = 1;
  private static final int JUMP = -3;
  private static final int RETURN = -5;

  private static final int EXPR_NAME = 1;
  private static final int EXPR_DATA = 2;

  /** First of the registers of four bytes. */
  private static final int R0 = 8;

  private static final int VERDICT_REGISTER = 0;
  private static final int MAX_INTERFACE_NAME = 16;

  private static final int CMP_EQUAL = 0;
  private static final int CMP_DIFFERENT = 1;

  private static final int META_IIFNAME = 6;
  private static final int META_OIFNAME = 7;
  private static final int META_NFPROTO = 15;
  private static final int META_L4PROTO = 16;

  private static final int NETWORK_HEADER = 1;
  private static final int TRANSPORT_HEADER = 2;
  private static final int DESTINATION_PORT_OFFSET = 2;

  private static final int CT_STATUS = 2;
  private static final int CT_PROTO_DST = 12;
  private static final int CT_DIRECTION_ORIGINAL = 0;
  private static final int IPS_DST_NAT = 0x20;

  private static final int FIB_ADDRTYPE = 3;
  private static final int FIB_DADDR = 2;
  private static final int RTN_LOCAL = 2;

  private static final int NAT_DNAT = 1;
  private static final int NAT_RANDOM_FULLY = 0x10;

  /** The two protocols of a table of the family inet. */
  public enum Family {
    IPV4(2, 12, 16, 4),
    IPV6(10, 8, 24, 16);

    private final int number;
    private final int sourceOffset;
    private final int destinationOffset;
    private final int addressBytes;

    Family(int number, int sourceOffset, int destinationOffset, int addressBytes) {
      this.number = number;
      this.sourceOffset = sourceOffset;
      this.destinationOffset = destinationOffset;
      this.addressBytes = addressBytes;
    }

    public static Family of(InetAddress address) {
      return address instanceof Inet4Address ? IPV4 : IPV6;
    }

    private int registers() {
      return addressBytes / 4;
    }
  }

  private final List<Consumer<MessageWriter>> expressions = new ArrayList<>();

  void writeTo(MessageWriter out) {
    for (Consumer<MessageWriter> expression : expressions) {
      out.nest(NfTables.LIST_ELEM, expression);
    }
  }

  private Rule add(String name, Consumer<MessageWriter> data) {
    expressions.add(e -> e.string(EXPR_NAME, name).nest(EXPR_DATA, data));
    return this;
  }

  // What must hold.

  /** The packet is of this protocol. */
  public Rule family(Family family) {
    return meta(META_NFPROTO, R0).compare(CMP_EQUAL, (byte) family.number);
  }

  public Rule comesInBy(String link) {
    return meta(META_IIFNAME, R0).compare(CMP_EQUAL, name(link));
  }

  public Rule leavesBy(String link) {
    return meta(META_OIFNAME, R0).compare(CMP_EQUAL, name(link));
  }

  /** Needs {@link #family} before it. */
  public Rule from(InetAddress prefix, int length) {
    return address(Family.of(prefix).sourceOffset, prefix, length, CMP_EQUAL);
  }

  /** Needs {@link #family} before it. */
  public Rule to(InetAddress prefix, int length) {
    return address(Family.of(prefix).destinationOffset, prefix, length, CMP_EQUAL);
  }

  private Rule address(int offset, InetAddress prefix, int length, int operator) {
    byte[] address = prefix.getAddress();
    payload(NETWORK_HEADER, offset, address.length, R0);
    if (length < address.length * 8) {
      byte[] mask = mask(address.length, length);
      add(
          "bitwise",
          e ->
              e.be32(1, R0)
                  .be32(2, R0)
                  .be32(3, address.length)
                  .nest(4, m -> m.bytes(NfTables.DATA_VALUE, mask))
                  .nest(5, x -> x.bytes(NfTables.DATA_VALUE, new byte[address.length])));
    }
    return compare(operator, address);
  }

  /** The destination is an address of this machine. */
  public Rule destinationIsLocal() {
    add("fib", e -> e.be32(1, R0).be32(2, FIB_ADDRTYPE).be32(3, FIB_DADDR));
    return compare(CMP_EQUAL, (byte) RTN_LOCAL, (byte) 0, (byte) 0, (byte) 0);
  }

  /** The destination of the connection was translated. */
  public Rule destinationWasTranslated() {
    add("ct", e -> e.be32(1, R0).be32(2, CT_STATUS));
    add(
        "bitwise",
        e ->
            e.be32(1, R0)
                .be32(2, R0)
                .be32(3, 4)
                .nest(
                    4,
                    m ->
                        m.bytes(
                            NfTables.DATA_VALUE, (byte) IPS_DST_NAT, (byte) 0, (byte) 0, (byte) 0))
                .nest(5, x -> x.bytes(NfTables.DATA_VALUE, new byte[4])));
    return compare(CMP_DIFFERENT, new byte[4]);
  }

  /** Protocol, destination address, destination port and the port asked for at first are in it. */
  public Rule translationIsIn(Family family, String set) {
    int address = R0 + 1;
    int port = address + family.registers();
    meta(META_L4PROTO, R0);
    payload(NETWORK_HEADER, family.destinationOffset, family.addressBytes, address);
    payload(TRANSPORT_HEADER, DESTINATION_PORT_OFFSET, 2, port);
    add("ct", e -> e.be32(1, port + 1).be32(2, CT_PROTO_DST).u8(3, CT_DIRECTION_ORIGINAL));
    return add("lookup", e -> e.string(1, set).be32(2, R0));
  }

  // What is then done.

  /** Sends it where the map says for protocol and destination port. */
  public Rule translateByPort(Family family, String map) {
    meta(META_L4PROTO, R0);
    payload(TRANSPORT_HEADER, DESTINATION_PORT_OFFSET, 2, R0 + 1);
    return translate(family, map);
  }

  /** Sends it where the map says for destination address, protocol and destination port. */
  public Rule translateByAddressAndPort(Family family, String map) {
    int protocol = R0 + family.registers();
    payload(NETWORK_HEADER, family.destinationOffset, family.addressBytes, R0);
    meta(META_L4PROTO, protocol);
    payload(TRANSPORT_HEADER, DESTINATION_PORT_OFFSET, 2, protocol + 1);
    return translate(family, map);
  }

  private Rule translate(Family family, String map) {
    add("lookup", e -> e.string(1, map).be32(2, R0).be32(3, R0));
    return add(
        "nat",
        e ->
            e.be32(1, NAT_DNAT)
                .be32(2, family.number)
                .be32(3, R0)
                .be32(5, R0 + family.registers()));
  }

  /** Gives it the address of the link it leaves by as its source, from a random port. */
  public Rule masquerade() {
    return add("masq", e -> e.be32(1, NAT_RANDOM_FULLY));
  }

  public Rule accept() {
    return verdict(ACCEPT, "");
  }

  public Rule drop() {
    return verdict(DROP, "");
  }

  public Rule leaveChain() {
    return verdict(RETURN, "");
  }

  public Rule jump(String chain) {
    return verdict(JUMP, chain);
  }

  private Rule verdict(int code, String chain) {
    return add(
        "immediate",
        e ->
            e.be32(1, VERDICT_REGISTER)
                .nest(
                    2,
                    data ->
                        data.nest(
                            2,
                            verdict -> {
                              verdict.be32(1, code);
                              if (!chain.isEmpty()) {
                                verdict.string(2, chain);
                              }
                            })));
  }

  private Rule meta(int key, int register) {
    return add("meta", e -> e.be32(1, register).be32(2, key));
  }

  private Rule payload(int base, int offset, int length, int register) {
    return add("payload", e -> e.be32(1, register).be32(2, base).be32(3, offset).be32(4, length));
  }

  private Rule compare(int operator, byte... with) {
    return add(
        "cmp",
        e -> e.be32(1, R0).be32(2, operator).nest(3, d -> d.bytes(NfTables.DATA_VALUE, with)));
  }

  private static byte[] name(String link) {
    byte[] name = link.getBytes(UTF_8);
    return Arrays.copyOf(name, MAX_INTERFACE_NAME);
  }

  private static byte[] mask(int bytes, int length) {
    byte[] mask = new byte[bytes];
    for (int bit = 0; bit < length; bit++) {
      mask[bit / 8] |= (byte) (0x80 >>> (bit % 8));
    }
    return mask;
  }
}
