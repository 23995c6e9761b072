package dev.hearth.runtime.network.netlink;

import java.nio.ByteBuffer;

/** Reads single messages of netlink(7). */
final class Frames {
  private static final int NLMSG_ERROR = 2;
  private static final int NLMSG_DONE = 3;
  private static final int NLM_F_DUMP_INTR = 0x10;
  private static final int NLM_F_CAPPED = 0x100;
  private static final int NLM_F_ACK_TLVS = 0x200;
  private static final int NLMSGERR_ATTR_MSG = 1;

  private static final int TYPE_OFFSET = 4;
  private static final int FLAGS_OFFSET = 6;
  private static final int SEQUENCE_OFFSET = 8;
  private static final int ERROR_OFFSET = 16;

  private Frames() {}

  /** The buffer holds exactly one message. */
  static Frame one(ByteBuffer message) {
    int type = Short.toUnsignedInt(message.getShort(TYPE_OFFSET));
    int flags = Short.toUnsignedInt(message.getShort(FLAGS_OFFSET));
    int sequence = message.getInt(SEQUENCE_OFFSET);
    boolean interrupted = (flags & NLM_F_DUMP_INTR) != 0;
    return switch (type) {
      case NLMSG_ERROR -> error(message, flags, sequence);
      case NLMSG_DONE -> new Frame.Done(sequence, errnoOf(message, false), interrupted);
      default -> {
        byte[] body = new byte[message.limit() - NetlinkMessage.HEADER_LENGTH];
        message.get(NetlinkMessage.HEADER_LENGTH, body);
        yield new Frame.Data(sequence, type, interrupted, body);
      }
    };
  }

  private static Frame error(ByteBuffer message, int flags, int sequence) {
    int errno = errnoOf(message, true);
    return errno == 0
        ? new Frame.Acknowledged(sequence)
        : new Frame.Refused(sequence, errno, textOf(message, flags));
  }

  private static int errnoOf(ByteBuffer message, boolean required) {
    if (message.limit() < ERROR_OFFSET + 4) {
      if (required) {
        throw new IllegalArgumentException("a netlink error without its number");
      }
      return 0;
    }
    return -message.getInt(ERROR_OFFSET);
  }

  /** The attributes follow the header of the refused message and, unless capped, its body. */
  private static String textOf(ByteBuffer message, int flags) {
    int echoed = ERROR_OFFSET + 4;
    if ((flags & NLM_F_ACK_TLVS) == 0 || message.limit() < echoed + NetlinkMessage.HEADER_LENGTH) {
      return "";
    }
    int echoedLength =
        (flags & NLM_F_CAPPED) != 0 ? NetlinkMessage.HEADER_LENGTH : message.getInt(echoed);
    int attributes = echoed + ((echoedLength + 3) & ~3);
    if (echoedLength < NetlinkMessage.HEADER_LENGTH || attributes > message.limit()) {
      return "";
    }
    return Attributes.parse(message.slice(attributes, message.limit() - attributes))
        .string(NLMSGERR_ATTR_MSG)
        .orElse("");
  }
}
