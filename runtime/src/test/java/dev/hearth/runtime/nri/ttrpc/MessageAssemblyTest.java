package dev.hearth.runtime.nri.ttrpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class MessageAssemblyTest {
  private static final Message LONG =
      new Message(7, Message.REQUEST, (byte) 1, ByteString.copyFrom(new byte[300]));
  private static final Message EMPTY = new Message(9, Message.RESPONSE, (byte) 0, ByteString.EMPTY);

  @Test
  void aHeaderIsLengthStreamTypeAndFlagsWithTheBigEndFirst() {
    ByteBuffer bytes =
        new Message(0x01020304, Message.RESPONSE, (byte) 4, ByteString.copyFromUtf8("abc"))
            .encoded();

    assertThat(ByteString.copyFrom(bytes).toByteArray())
        .containsExactly(0, 0, 0, 3, 1, 2, 3, 4, 2, 4, 'a', 'b', 'c');
  }

  @Test
  void messagesCutAnywhereComeOutWhole() throws Exception {
    ByteBuffer all = both();
    for (int cut = 1; cut < all.capacity(); cut++) {
      MessageAssembly assembly = new MessageAssembly();
      List<Message> complete = new ArrayList<>(assembly.add(all.slice(0, cut)));
      complete.addAll(assembly.add(all.slice(cut, all.capacity() - cut)));

      assertThat(complete).as("cut at %d", cut).containsExactly(LONG, EMPTY);
    }
  }

  @Test
  void messagesThatComeByteByByteComeOutWhole() throws Exception {
    ByteBuffer all = both();
    MessageAssembly assembly = new MessageAssembly();
    List<Message> complete = new ArrayList<>();
    while (all.hasRemaining()) {
      complete.addAll(assembly.add(ByteBuffer.wrap(new byte[] {all.get()})));
    }

    assertThat(complete).containsExactly(LONG, EMPTY);
  }

  @Test
  void noLengthMakesItReserveMoreThanAMessageMayHave() {
    for (int length : new int[] {Message.MAX_LENGTH + 1, Integer.MAX_VALUE, -1}) {
      ByteBuffer header = ByteBuffer.allocate(Message.HEADER).putInt(0, length);

      assertThatThrownBy(() -> new MessageAssembly().add(header))
          .isInstanceOf(PeerException.Broken.class)
          .hasMessageContaining(Integer.toUnsignedString(length));
    }
  }

  private static ByteBuffer both() {
    ByteBuffer first = LONG.encoded();
    ByteBuffer second = EMPTY.encoded();
    return ByteBuffer.allocate(first.capacity() + second.capacity()).put(first).put(second).flip();
  }
}
