package dev.hearth.runtime.network.netlink;

import dev.hearth.linux.Errno;
import dev.hearth.linux.LinuxException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Requests and their answers over one netlink socket.
 *
 * <p>The kernel carries out what is sent, and queues its answers, within the call that sends
 * (netlink_rcv_skb), so answers are read without waiting, and one that is not there after the
 * sending never comes.
 *
 * <p>Confined to one thread at a time.
 */
public final class NetlinkConnection implements AutoCloseable {
  /** The kernel makes no datagram of a dump larger than this (netlink_dump). */
  private static final int RECEIVE_BYTES = 64 * 1024;

  private static final int DUMP_ATTEMPTS = 10;

  private final NetlinkSocket socket;
  private final ByteBuffer incoming = ByteBuffer.allocateDirect(RECEIVE_BYTES);
  private int lastSequence;

  public NetlinkConnection(NetlinkSocket socket) {
    this.socket = socket;
  }

  /**
   * Has one message carried out.
   *
   * @return the objects it was answered with; usually none
   * @throws LinuxException if the kernel refuses; carries the kernel's own words
   */
  public List<byte[]> request(NetlinkMessage message) throws LinuxException {
    return all(List.of(message)).getFirst();
  }

  /**
   * Has messages carried out one after another, in one system call. One that is refused does not
   * keep the kernel from the following ones.
   *
   * @return what each was answered with
   * @throws LinuxException the first refusal; further ones are suppressed in it
   */
  public List<List<byte[]>> all(List<NetlinkMessage> messages) throws LinuxException {
    List<List<byte[]>> answers = new ArrayList<>();
    LinuxException failure = null;
    for (Answer answer : exchange(messages)) {
      answers.add(answer.objects);
      if (answer.failure != null) {
        failure = collect(failure, answer.failure);
      }
    }
    if (failure != null) {
      throw failure;
    }
    return answers;
  }

  /**
   * Has messages carried out one after another, in one system call.
   *
   * @return for each what it was answered with, or why it was refused
   */
  List<Answer> exchange(List<NetlinkMessage> messages) throws LinuxException {
    int first = lastSequence + 1;
    socket.send(encode(messages));
    Map<Integer, Answer> answers = new HashMap<>();
    for (int i = 0; i < messages.size(); i++) {
      answers.put(first + i, new Answer(messages.get(i)));
    }
    receiveInto(answers);
    List<Answer> inOrder = new ArrayList<>();
    for (int i = 0; i < messages.size(); i++) {
      Answer answer = answers.get(first + i);
      if (answer != null) {
        inOrder.add(answer.orSilence());
      }
    }
    return inOrder;
  }

  private void receiveInto(Map<Integer, Answer> answers) throws LinuxException {
    while (socket.receive(incoming.clear())) {
      incoming.flip();
      for (Frame frame : frames()) {
        Answer answer = answers.get(frame.sequence());
        if (answer != null) {
          answer.take(frame);
        }
      }
    }
  }

  /**
   * Lists objects. A dump during which the objects changed is repeated until it is whole.
   *
   * @param message without NLM_F_DUMP
   */
  public List<byte[]> dump(NetlinkMessage message) throws LinuxException {
    for (int attempt = 0; attempt < DUMP_ATTEMPTS; attempt++) {
      Answer answer = dumpOnce(message);
      if (answer.failure != null) {
        if (answer.failure.is(Errno.EINTR)) {
          continue;
        }
        throw answer.failure;
      }
      if (!answer.interrupted) {
        return answer.objects;
      }
    }
    throw new LinuxException(
        message.operation(),
        message.object(),
        Errno.EAGAIN.number(),
        "changed during each of " + DUMP_ATTEMPTS + " attempts");
  }

  private Answer dumpOnce(NetlinkMessage message) throws LinuxException {
    NetlinkMessage dump =
        new NetlinkMessage(
            message.operation(),
            message.object(),
            message.type(),
            message.flags() | NetlinkMessage.DUMP,
            message.body());
    return exchange(List.of(dump)).getFirst();
  }

  private List<Frame> frames() throws LinuxException {
    try {
      return Frame.parse(incoming);
    } catch (IllegalArgumentException e) {
      LinuxException broken =
          new LinuxException("read", "netlink answer", Errno.EBADMSG.number(), e.toString());
      broken.initCause(e);
      throw broken;
    }
  }

  private byte[] encode(List<NetlinkMessage> messages) {
    int total = 0;
    for (NetlinkMessage message : messages) {
      total += (message.length() + 3) & ~3;
    }
    ByteBuffer out = ByteBuffer.allocate(total).order(ByteOrder.nativeOrder());
    for (NetlinkMessage message : messages) {
      int start = out.position();
      out.putInt(message.length());
      out.putShort((short) message.type());
      out.putShort((short) (message.flags() | NetlinkMessage.REQUEST));
      out.putInt(++lastSequence);
      out.putInt(0);
      out.put(message.body());
      out.position(start + ((message.length() + 3) & ~3));
    }
    return out.array();
  }

  private static LinuxException collect(@Nullable LinuxException first, LinuxException next) {
    if (first == null) {
      return next;
    }
    first.addSuppressed(next);
    return first;
  }

  @Override
  public void close() {
    socket.close();
  }

  /** What came back for one message. */
  static final class Answer {
    private final NetlinkMessage message;
    private final List<byte[]> objects = new ArrayList<>();
    private boolean complete;
    private boolean interrupted;
    private @Nullable LinuxException failure;

    private Answer(NetlinkMessage message) {
      this.message = message;
    }

    List<byte[]> objects() {
      return objects;
    }

    @Nullable LinuxException failure() {
      return failure;
    }

    private void take(Frame frame) {
      switch (frame) {
        case Frame.Acknowledged _ -> complete = true;
        case Frame.Refused refused -> fail(refused.errno(), refused.text());
        case Frame.Done done -> {
          complete = true;
          interrupted |= done.interrupted();
          if (done.errno() != 0) {
            fail(done.errno(), "");
          }
        }
        case Frame.Data data -> {
          interrupted |= data.interrupted();
          objects.add(data.body());
        }
      }
    }

    private void fail(int errno, String text) {
      complete = true;
      if (failure == null) {
        failure = new LinuxException(message.operation(), message.object(), errno, text);
      }
    }

    /** A message that wanted an answer and has none was lost, with all that followed it. */
    private Answer orSilence() {
      boolean wanted =
          (message.flags() & (NetlinkMessage.ACK | NetlinkMessage.DUMP)) != 0 && !complete;
      if (wanted) {
        fail(Errno.ENODATA.number(), "the kernel did not answer");
      }
      return this;
    }
  }
}
