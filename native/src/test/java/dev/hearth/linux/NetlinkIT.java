package dev.hearth.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.linux.testing.NeedsRoot;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import org.junit.jupiter.api.Test;

@NeedsRoot
final class NetlinkIT {
  private static final short GET_LINK = 18;
  private static final short REQUEST = 1;
  private static final short DUMP = 0x300;

  @Test
  void listsTheLinksOfTheNamespaceItWasOpenedIn() throws Exception {
    try (Fd socket =
        Namespaces.<Fd, LinuxException>inNew(
            EnumSet.of(Namespace.NETWORK), () -> Netlink.open(Netlink.Protocol.ROUTE))) {
      Netlink.send(socket, message(GET_LINK, REQUEST | DUMP));
      ByteBuffer answer = ByteBuffer.allocateDirect(64 * 1024).order(ByteOrder.nativeOrder());
      StringBuilder names = new StringBuilder();
      while (Netlink.receive(socket, answer.clear())) {
        names.append(StandardCharsets.ISO_8859_1.decode(answer.flip()));
      }
      assertThat(names.toString()).contains("lo\0").doesNotContain("eth0");
    }
  }

  @Test
  void receivesRefusalsWithTheKernelsWords() throws Exception {
    try (Fd socket = Netlink.open(Netlink.Protocol.ROUTE)) {
      byte[] broken = message(GET_LINK, REQUEST);
      broken[17] = 1; // the family's padding must be zero
      Netlink.send(socket, broken);
      ByteBuffer answer = ByteBuffer.allocateDirect(4096).order(ByteOrder.nativeOrder());
      assertThat(Netlink.receive(socket, answer)).isTrue();
      assertThat(answer.getShort(4)).isEqualTo((short) 2);
      assertThat(-answer.getInt(16)).isEqualTo(Errno.EINVAL.number());
      assertThat(StandardCharsets.ISO_8859_1.decode(answer.flip()).toString())
          .contains("Invalid values in header");
      assertThat(Netlink.receive(socket, answer)).isFalse();
    }
  }

  @Test
  void refusesABufferTooSmall() throws Exception {
    try (Fd socket = Netlink.open(Netlink.Protocol.NETFILTER)) {
      Netlink.send(socket, message((short) (10 << 8), REQUEST | 4));
      assertThatThrownBy(() -> Netlink.receive(socket, ByteBuffer.allocateDirect(10)))
          .hasMessage("receive from netlink NETFILTER: message too long (EMSGSIZE)");
      assertThat(Netlink.receive(socket, ByteBuffer.allocateDirect(10))).isFalse();
    }
  }

  private static byte[] message(short type, int flags) {
    int length = 16 + 16;
    return ByteBuffer.allocate(length)
        .order(ByteOrder.nativeOrder())
        .putInt(length)
        .putShort(type)
        .putShort((short) flags)
        .putInt(1)
        .array();
  }
}
