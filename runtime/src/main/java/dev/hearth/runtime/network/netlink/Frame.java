package dev.hearth.runtime.network.netlink;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** One message from the kernel. */
sealed interface Frame {
  /** nlmsg_seq: the number of the message this answers. */
  int sequence();

  /** The message was carried out (an NLMSG_ERROR of 0). */
  record Acknowledged(int sequence) implements Frame {}

  /**
   * The message was refused.
   *
   * @param text what the kernel added (an extended acknowledgement); empty when nothing
   */
  record Refused(int sequence, int errno, String text) implements Frame {}

  /** The end of a dump; errno is not 0 when the dump failed in its middle. */
  record Done(int sequence, int errno, boolean interrupted) implements Frame {}

  /**
   * An object.
   *
   * @param interrupted what is dumped changed meanwhile, so the dump may lack or repeat objects
   *     (NLM_F_DUMP_INTR)
   */
  @SuppressWarnings("ArrayRecordComponent") // handed on, never compared
  record Data(int sequence, int type, boolean interrupted, byte[] body) implements Frame {}

  /**
   * Splits what one receive brought.
   *
   * @throws IllegalArgumentException if a message is cut short
   */
  static List<Frame> parse(ByteBuffer source) {
    ByteBuffer in = source.slice().order(ByteOrder.nativeOrder());
    List<Frame> frames = new ArrayList<>();
    while (in.remaining() >= NetlinkMessage.HEADER_LENGTH) {
      int start = in.position();
      int length = in.getInt(start);
      if (length < NetlinkMessage.HEADER_LENGTH || length > in.limit() - start) {
        throw new IllegalArgumentException(
            "a netlink message claims "
                + length
                + " bytes, "
                + (in.limit() - start)
                + " are there");
      }
      frames.add(Frames.one(in.slice(start, length).order(ByteOrder.nativeOrder())));
      in.position(Math.min(start + ((length + 3) & ~3), in.limit()));
    }
    return frames;
  }
}
