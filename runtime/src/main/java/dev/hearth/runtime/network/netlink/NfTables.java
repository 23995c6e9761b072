package dev.hearth.runtime.network.netlink;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Messages of nf_tables, from include/uapi/linux/netfilter/{nfnetlink,nf_tables}.h. Tables are of
 * the family inet, which sees IPv4 and IPv6. Changes go to the kernel as a {@link #batch}: all of
 * them or none.
 */
public final class NfTables {
  private static final int NFNL_SUBSYS_NFTABLES = 10;
  private static final int NFNL_MSG_BATCH_BEGIN = 0x10;
  private static final int NFNL_MSG_BATCH_END = 0x11;
  private static final int NFPROTO_INET = 1;

  private static final int NEWTABLE = 0;
  private static final int GETTABLE = 1;
  private static final int DELTABLE = 2;
  private static final int NEWCHAIN = 3;
  private static final int GETCHAIN = 4;
  private static final int NEWRULE = 6;
  private static final int NEWSET = 9;
  private static final int NEWSETELEM = 12;
  private static final int GETSETELEM = 13;
  private static final int DELSETELEM = 14;

  static final int LIST_ELEM = 1;
  static final int TABLE_NAME = 1;
  static final int CHAIN_TABLE = 1;
  static final int CHAIN_NAME = 3;
  static final int CHAIN_HOOK = 4;
  static final int CHAIN_POLICY = 5;
  private static final int CHAIN_TYPE = 7;
  static final int HOOK_NUMBER = 1;
  private static final int HOOK_PRIORITY = 2;
  private static final int RULE_TABLE = 1;
  private static final int RULE_CHAIN = 2;
  private static final int RULE_EXPRESSIONS = 4;
  private static final int SET_TABLE = 1;
  private static final int SET_NAME = 2;
  private static final int SET_FLAGS = 3;
  private static final int SET_KEY_TYPE = 4;
  private static final int SET_KEY_LEN = 5;
  private static final int SET_DATA_TYPE = 6;
  private static final int SET_DATA_LEN = 7;
  private static final int SET_ID = 10;
  private static final int ELEMENT_LIST_TABLE = 1;
  private static final int ELEMENT_LIST_SET = 2;
  static final int ELEMENT_LIST_ELEMENTS = 3;
  static final int ELEMENT_KEY = 1;
  static final int ELEMENT_DATA = 2;
  static final int DATA_VALUE = 1;

  private static final int SET_IS_MAP = 0x8;

  private static final int ACK = NetlinkMessage.ACK;
  private static final int CREATE = NetlinkMessage.CREATE;

  private NfTables() {}

  /** Where packets meet a base chain, and when among the chains there. */
  public enum Hook {
    PREROUTING(0),
    INPUT(1),
    FORWARD(2),
    OUTPUT(3),
    POSTROUTING(4);

    private final int number;

    Hook(int number) {
      this.number = number;
    }

    int number() {
      return number;
    }
  }

  /** What the parts of a key or value are; numbers as the nft command knows them, for display. */
  public enum Field {
    IPV4_ADDRESS(7, 4),
    IPV6_ADDRESS(8, 16),
    PROTOCOL(12, 1),
    PORT(13, 2);

    private final int typeNumber;
    private final int bytes;

    Field(int typeNumber, int bytes) {
      this.typeNumber = typeNumber;
      this.bytes = bytes;
    }

    int paddedBytes() {
      return (bytes + 3) & ~3;
    }
  }

  /** A key or value: its parts, each padded with zeros to four bytes. */
  public static byte[] concatenate(byte[]... parts) {
    int length = 0;
    for (byte[] part : parts) {
      length += (part.length + 3) & ~3;
    }
    ByteBuffer out = ByteBuffer.allocate(length);
    for (byte[] part : parts) {
      int start = out.position();
      out.put(part).position(start + ((part.length + 3) & ~3));
    }
    return out.array();
  }

  /** Creates a table, or leaves it as it is. */
  public static NetlinkMessage addTable(String table) {
    return message("add table", table, NEWTABLE, CREATE, body().string(TABLE_NAME, table));
  }

  /** Deletes a table with all that is in it; ENOENT if there is none. */
  public static NetlinkMessage deleteTable(String table) {
    return message("delete table", table, DELTABLE, 0, body().string(TABLE_NAME, table));
  }

  public static NetlinkMessage getTable(String table) {
    return message("find table", table, GETTABLE, ACK, body().string(TABLE_NAME, table));
  }

  /** Creates a chain that other chains jump to. */
  public static NetlinkMessage addChain(String table, String chain) {
    return message("add chain", table + " " + chain, NEWCHAIN, CREATE, chain(table, chain));
  }

  /**
   * Creates a chain that packets meet at a hook, and pass unless a rule says otherwise.
   *
   * @param type {@code filter} or {@code nat}
   */
  public static NetlinkMessage addBaseChain(
      String table, String chain, String type, Hook hook, int priority) {
    MessageWriter body =
        chain(table, chain)
            .nest(CHAIN_HOOK, h -> h.be32(HOOK_NUMBER, hook.number).be32(HOOK_PRIORITY, priority))
            .be32(CHAIN_POLICY, Rule.ACCEPT)
            .string(CHAIN_TYPE, type);
    return message("add " + type + " chain", table + " " + chain, NEWCHAIN, CREATE, body);
  }

  private static MessageWriter chain(String table, String chain) {
    return body().string(CHAIN_TABLE, table).string(CHAIN_NAME, chain);
  }

  /** For {@link NetlinkConnection#dump}: the chains of all tables of all families. */
  public static NetlinkMessage listChains() {
    return message("list chains", "", GETCHAIN, 0, header(0, 0));
  }

  /** Puts a rule at the end of a chain. */
  public static NetlinkMessage addRule(String table, String chain, Rule rule) {
    MessageWriter body =
        body()
            .string(RULE_TABLE, table)
            .string(RULE_CHAIN, chain)
            .nest(RULE_EXPRESSIONS, rule::writeTo);
    return message(
        "add rule to chain", table + " " + chain, NEWRULE, CREATE | NetlinkMessage.APPEND, body);
  }

  /**
   * Creates a set of keys or, with a value, a map.
   *
   * @param id unlike that of any other set of the same batch
   * @param value empty for a set
   */
  public static NetlinkMessage addSet(
      String table, String set, int id, List<Field> key, List<Field> value) {
    int flags = value.isEmpty() ? 0 : SET_IS_MAP;
    MessageWriter body =
        body()
            .string(SET_TABLE, table)
            .string(SET_NAME, set)
            .be32(SET_FLAGS, flags)
            .be32(SET_KEY_TYPE, typeNumber(key))
            .be32(SET_KEY_LEN, length(key));
    if (!value.isEmpty()) {
      body.be32(SET_DATA_TYPE, typeNumber(value)).be32(SET_DATA_LEN, length(value));
    }
    return message("add set", table + " " + set, NEWSET, CREATE, body.be32(SET_ID, id));
  }

  /**
   * One entry of a set, or of a map when it has a value.
   *
   * @param value empty in a set
   */
  public record Element(ByteBuffer key, ByteBuffer value) {
    public Element {
      key = key.asReadOnlyBuffer();
      value = value.asReadOnlyBuffer();
    }

    /** An entry of a set. */
    public static Element of(byte[] key) {
      return new Element(ByteBuffer.wrap(key), ByteBuffer.allocate(0));
    }

    /** An entry of a map. */
    public static Element of(byte[] key, byte[] value) {
      return new Element(ByteBuffer.wrap(key), ByteBuffer.wrap(value));
    }
  }

  /** Adds entries; EEXIST if a key is there with another value. */
  public static NetlinkMessage addElements(String table, String set, List<Element> elements) {
    return message(
        "add elements to set",
        table + " " + set,
        NEWSETELEM,
        CREATE,
        elements(table, set, elements, true));
  }

  /** Deletes entries by their keys; ENOENT if one is not there. */
  public static NetlinkMessage deleteElements(String table, String set, List<Element> elements) {
    return message(
        "delete elements of set",
        table + " " + set,
        DELSETELEM,
        0,
        elements(table, set, elements, false));
  }

  private static MessageWriter elements(
      String table, String set, List<Element> elements, boolean withValues) {
    return body()
        .string(ELEMENT_LIST_TABLE, table)
        .string(ELEMENT_LIST_SET, set)
        .nest(
            ELEMENT_LIST_ELEMENTS,
            list -> {
              for (Element element : elements) {
                list.nest(LIST_ELEM, writing(element, withValues));
              }
            });
  }

  private static Consumer<MessageWriter> writing(Element element, boolean withValue) {
    return entry -> {
      entry.nest(ELEMENT_KEY, key -> key.bytes(DATA_VALUE, copy(element.key())));
      if (withValue && element.value().hasRemaining()) {
        entry.nest(ELEMENT_DATA, value -> value.bytes(DATA_VALUE, copy(element.value())));
      }
    };
  }

  private static byte[] copy(ByteBuffer buffer) {
    byte[] copy = new byte[buffer.remaining()];
    buffer.duplicate().get(copy);
    return copy;
  }

  /** For {@link NetlinkConnection#dump}: the entries of a set. */
  public static NetlinkMessage listElements(String table, String set) {
    return message(
        "list elements of set",
        table + " " + set,
        GETSETELEM,
        0,
        body().string(ELEMENT_LIST_TABLE, table).string(ELEMENT_LIST_SET, set));
  }

  /** Reads the entries out of an answer to {@link #listElements}. */
  public static List<Element> parseElements(byte[] body) {
    return Attributes.parse(body, 4).nested(ELEMENT_LIST_ELEMENTS).stream()
        .flatMap(list -> list.eachNested(LIST_ELEM).stream())
        .map(entry ->
            Element.of(
                entry
                    .nested(ELEMENT_KEY)
                    .flatMap(k -> k.bytes(DATA_VALUE))
                    .orElseThrow(() -> new IllegalArgumentException("a set element without a key")),
                entry.nested(ELEMENT_DATA).flatMap(v -> v.bytes(DATA_VALUE)).orElse(new byte[0])))
        .toList();
  }

  /**
   * A chain of anybody, as far as it decides what becomes of packets.
   *
   * @param family its number: 1 inet, 2 ip, 10 ip6, …
   * @param hook number of its hook; -1 for one that is only jumped to
   * @param drops whether packets that no rule of it decides on are dropped
   */
  public record Chain(int family, String table, String name, int hook, boolean drops) {
    /** Reads an answer to {@link #listChains}. */
    public static Chain parse(byte[] body) {
      Attributes attributes = Attributes.parse(body, 4);
      return new Chain(
          body[0] & 0xff,
          attributes.string(CHAIN_TABLE).orElse(""),
          attributes.string(CHAIN_NAME).orElse(""),
          attributes.nested(CHAIN_HOOK).map(h -> h.be32(HOOK_NUMBER).orElse(-1)).orElse(-1),
          attributes.be32(CHAIN_POLICY).orElse(Rule.ACCEPT) == Rule.DROP);
    }

    /** Whether forwarded packets meet it. */
    public boolean forwards() {
      return hook == Hook.FORWARD.number;
    }
  }

  /**
   * Makes changes into one transaction. Only the last is acknowledged, and any that fails is
   * reported: kernels before 6.6 do not acknowledge the batch's end.
   */
  public static List<NetlinkMessage> batch(List<NetlinkMessage> changes) {
    List<NetlinkMessage> batch = new ArrayList<>();
    batch.add(delimiter("begin transaction", NFNL_MSG_BATCH_BEGIN));
    for (int i = 0; i < changes.size(); i++) {
      NetlinkMessage m = changes.get(i);
      int ack = i == changes.size() - 1 ? ACK : 0;
      batch.add(new NetlinkMessage(m.operation(), m.object(), m.type(), m.flags() | ack, m.body()));
    }
    batch.add(delimiter("commit transaction", NFNL_MSG_BATCH_END));
    return List.copyOf(batch);
  }

  private static NetlinkMessage delimiter(String operation, int type) {
    return new NetlinkMessage(
        operation, "of nf_tables", type, 0, header(0, NFNL_SUBSYS_NFTABLES).toBytes());
  }

  private static NetlinkMessage message(
      String operation, String object, int type, int flags, MessageWriter body) {
    return new NetlinkMessage(
        operation, object, NFNL_SUBSYS_NFTABLES << 8 | type, flags, body.toBytes());
  }

  private static MessageWriter body() {
    return header(NFPROTO_INET, 0);
  }

  /** struct nfgenmsg. */
  private static MessageWriter header(int family, int resource) {
    return new MessageWriter().headerU8(family).headerU8(0).headerBe16(resource);
  }

  /** Concatenated types are the numbers of their parts, six bits each. */
  private static int typeNumber(List<Field> fields) {
    int number = 0;
    for (Field field : fields) {
      number = number << 6 | field.typeNumber;
    }
    return number;
  }

  private static int length(List<Field> fields) {
    if (fields.size() == 1) {
      return fields.getFirst().bytes;
    }
    return fields.stream().mapToInt(Field::paddedBytes).sum();
  }
}
