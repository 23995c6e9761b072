package dev.hearth.runtime.nri.ttrpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import java.io.EOFException;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class TrunkTest {
  private final ChannelPair channels = open();
  private final Trunk near = new Trunk(channels.first());
  private final Trunk far = new Trunk(channels.second());

  private static ChannelPair open() {
    try {
      return ChannelPair.open();
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Test
  void aFrameIsTheConnectionAndTheLengthWithTheBigEndFirst() throws Exception {
    near.write(2, new Message(1, Message.REQUEST, (byte) 0, ByteString.EMPTY));
    ByteBuffer bytes = ByteBuffer.allocate(Frame.HEADER + Message.HEADER);
    while (bytes.hasRemaining()) {
      assertThat(channels.second().read(bytes)).isPositive();
    }

    assertThat(bytes.array()).startsWith(0, 0, 0, 2, 0, 0, 0, 10);
  }

  @Test
  void aMessageComesAsOneFrameWhichThePeersBufferHolds() throws Exception {
    near.write(1, message(Frame.FIRST - Message.HEADER));

    assertThat(far.read().payload().remaining()).isEqualTo(Frame.FIRST);
  }

  @Test
  void whatDoesNotFitIntoThatBufferComesAsASecondFrame() throws Exception {
    near.write(1, message(Frame.FIRST + 1000));

    assertThat(far.read().payload().remaining()).isEqualTo(Frame.FIRST);
    assertThat(far.read().payload().remaining()).isEqualTo(1000 + Message.HEADER);
  }

  @Test
  void noLengthMakesItReserveMoreThanAFrameMayHave() throws Exception {
    channels.first().write(ByteBuffer.allocate(8).putInt(1).putInt(Frame.MAX_PAYLOAD + 1).flip());

    assertThatThrownBy(far::read).isInstanceOf(PeerException.Broken.class);
  }

  @Test
  void theEndWithinAFrameIsTheEnd() throws Exception {
    channels.first().write(ByteBuffer.allocate(9).putInt(1).putInt(100).rewind());
    near.close();

    assertThatThrownBy(far::read).isInstanceOf(EOFException.class);
  }

  private static Message message(int length) {
    return new Message(1, Message.REQUEST, (byte) 0, ByteString.copyFrom(new byte[length]));
  }
}
