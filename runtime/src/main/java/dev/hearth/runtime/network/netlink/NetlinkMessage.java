package dev.hearth.runtime.network.netlink;

import java.util.Arrays;

/**
 * One message to the kernel, complete but for its sequence number and sender.
 *
 * @param operation for error messages, such as {@code create bridge}
 * @param object what it is done to, such as {@code hearth0}; may be empty
 * @param type nlmsg_type
 * @param flags nlmsg_flags (netlink(7), NLM_F_…)
 * @param body all after the header
 */
@SuppressWarnings("ArrayRecordComponent") // compared by content below, and never changed
public record NetlinkMessage(String operation, String object, int type, int flags, byte[] body) {
  /** NLM_F_REQUEST: every message to the kernel has it. */
  public static final int REQUEST = 0x1;

  /** NLM_F_ACK: the kernel shall answer although nothing went wrong. */
  public static final int ACK = 0x4;

  /** NLM_F_DUMP: all objects, not one. */
  public static final int DUMP = 0x300;

  /** NLM_F_REPLACE: change what exists. */
  public static final int REPLACE = 0x100;

  /** NLM_F_EXCL: fail if it exists. */
  public static final int EXCLUSIVE = 0x200;

  /** NLM_F_CREATE: make it if it does not exist. */
  public static final int CREATE = 0x400;

  /** NLM_F_APPEND: put it at the end. */
  public static final int APPEND = 0x800;

  static final int HEADER_LENGTH = 16;

  int length() {
    return HEADER_LENGTH + body.length;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof NetlinkMessage m
        && m.operation.equals(operation)
        && m.object.equals(object)
        && m.type == type
        && m.flags == flags
        && Arrays.equals(m.body, body);
  }

  @Override
  public int hashCode() {
    return 31 * type + Arrays.hashCode(body);
  }

  @Override
  public String toString() {
    return operation + " " + object + " (type " + type + ", " + body.length + " bytes)";
  }
}
