package dev.hearth.runtime.network.netlink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.hearth.linux.Errno;
import dev.hearth.linux.LinuxException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.Test;

class NetlinkConnectionTest {
  private static final NetlinkMessage FIRST =
      new NetlinkMessage("create", "a", 16, NetlinkMessage.ACK, new byte[5]);
  private static final NetlinkMessage SECOND =
      new NetlinkMessage("create", "b", 16, NetlinkMessage.ACK, new byte[4]);

  private final Kernel kernel = new Kernel();
  private final NetlinkConnection connection = new NetlinkConnection(kernel);

  /** Answers with datagrams laid out beforehand. */
  private static final class Kernel implements NetlinkSocket {
    final Deque<byte[]> answers = new ArrayDeque<>();
    byte[] sent = new byte[0];
    boolean closed;

    @Override
    public void send(byte[] messages) {
      sent = messages;
    }

    @Override
    public boolean receive(ByteBuffer into) {
      byte[] next = answers.poll();
      if (next == null) {
        return false;
      }
      into.put(next);
      return true;
    }

    @Override
    public void close() {
      closed = true;
    }
  }

  private static byte[] frame(int type, int flags, int sequence, byte[] body) {
    return ByteBuffer.allocate((16 + body.length + 3) & ~3)
        .order(ByteOrder.nativeOrder())
        .putInt(16 + body.length)
        .putShort((short) type)
        .putShort((short) flags)
        .putInt(sequence)
        .putInt(0)
        .put(body)
        .array();
  }

  private static byte[] error(int sequence, int errno) {
    return frame(
        2, 0x100, sequence, new MessageWriter().headerU32(-errno).bytes(0, new byte[12]).toBytes());
  }

  private static byte[] together(byte[]... frames) {
    ByteBuffer all = ByteBuffer.allocate(4096);
    for (byte[] frame : frames) {
      all.put(frame);
    }
    return java.util.Arrays.copyOf(all.array(), all.position());
  }

  @Test
  void messagesOfABatchAreSentInOneWriteEachWithItsOwnNumberAndPadding() throws Exception {
    kernel.answers.add(together(error(1, 0), error(2, 0)));

    connection.all(List.of(FIRST, SECOND));

    ByteBuffer sent = ByteBuffer.wrap(kernel.sent).order(ByteOrder.nativeOrder());
    assertThat(kernel.sent).hasSize(24 + 20);
    assertThat(sent.getInt(0)).isEqualTo(21);
    assertThat(sent.getShort(4)).isEqualTo((short) 16);
    assertThat(sent.getShort(6)).isEqualTo((short) 5);
    assertThat(sent.getInt(8)).isEqualTo(1);
    assertThat(sent.getInt(24)).isEqualTo(20);
    assertThat(sent.getInt(24 + 8)).isEqualTo(2);
  }

  @Test
  void refusalNamesOperationObjectErrorAndTheKernelsWords() {
    byte[] body =
        new MessageWriter()
            .headerU32(-Errno.EINVAL.number())
            .headerU32(21)
            .headerU32(0)
            .headerU32(0)
            .headerU32(0)
            .headerU32(0)
            .headerU32(0)
            .string(1, "Attribute is bad")
            .toBytes();
    kernel.answers.add(frame(2, 0x200, 1, body));

    assertThatThrownBy(() -> connection.request(FIRST))
        .isInstanceOf(LinuxException.class)
        .hasMessage("create a: invalid argument (EINVAL): Attribute is bad");
  }

  @Test
  void everyRefusalOfABatchIsReported() {
    kernel.answers.add(error(1, Errno.EEXIST.number()));
    kernel.answers.add(error(2, Errno.ENODEV.number()));

    LinuxException failure =
        catchThrowableOfType(LinuxException.class, () -> connection.all(List.of(FIRST, SECOND)));

    assertThat(failure.is(Errno.EEXIST)).isTrue();
    assertThat(failure.getSuppressed()).hasSize(1);
    assertThat(failure.getSuppressed()[0]).hasMessageContaining("create b");
  }

  @Test
  void silenceIsAFailure() {
    assertThatThrownBy(() -> connection.request(FIRST)).hasMessageContaining("did not answer");
  }

  @Test
  void messageThatWantsNoAnswerMayHaveNone() throws Exception {
    assertThat(connection.request(new NetlinkMessage("ask", "", 16, 0, new byte[0]))).isEmpty();
  }

  @Test
  void answersToEarlierMessagesArePassedOver() throws Exception {
    kernel.answers.add(error(1, 0));
    connection.request(FIRST);
    kernel.answers.add(error(1, Errno.EBUSY.number()));
    kernel.answers.add(error(2, 0));

    assertThat(connection.request(SECOND)).isEmpty();
  }

  @Test
  void dumpIsReadToItsEndOverSeveralDatagrams() throws Exception {
    kernel.answers.add(together(frame(16, 2, 1, new byte[] {1}), frame(16, 2, 1, new byte[] {2})));
    kernel.answers.add(frame(16, 2, 1, new byte[] {3}));
    kernel.answers.add(frame(3, 2, 1, new byte[4]));

    assertThat(connection.dump(SECOND))
        .containsExactly(new byte[] {1}, new byte[] {2}, new byte[] {3});
  }

  @Test
  void dumpThatWasInterruptedIsRepeated() throws Exception {
    kernel.answers.add(frame(16, 2 | 0x10, 1, new byte[] {1}));
    kernel.answers.add(frame(3, 2 | 0x10, 1, new byte[4]));
    NetlinkSocket twice =
        new NetlinkSocket() {
          private int sends;

          @Override
          public void send(byte[] messages) {
            if (++sends == 2) {
              kernel.answers.add(frame(16, 2, 2, new byte[] {9}));
              kernel.answers.add(frame(3, 2, 2, new byte[4]));
            }
          }

          @Override
          public boolean receive(ByteBuffer into) {
            return kernel.receive(into);
          }

          @Override
          public void close() {}
        };

    assertThat(new NetlinkConnection(twice).dump(SECOND)).containsExactly(new byte[] {9});
  }

  @Test
  void dumpThatEndsInAnErrorFails() {
    kernel.answers.add(
        frame(3, 2, 1, new MessageWriter().headerU32(-Errno.ENOENT.number()).toBytes()));

    assertThatThrownBy(() -> connection.dump(SECOND)).hasMessageContaining("ENOENT");
  }

  @Test
  void dumpWithoutEndFails() {
    kernel.answers.add(frame(16, 2, 1, new byte[] {1}));

    assertThatThrownBy(() -> connection.dump(SECOND)).hasMessageContaining("did not answer");
  }

  @Test
  void answerThatIsCutShortIsAFailure() {
    kernel.answers.add(java.util.Arrays.copyOf(error(1, 0), 18));

    assertThatThrownBy(() -> connection.request(FIRST))
        .isInstanceOf(LinuxException.class)
        .hasMessageContaining("EBADMSG");
  }

  @Test
  void closingClosesTheSocket() {
    connection.close();

    assertThat(kernel.closed).isTrue();
  }
}
