package dev.hearth.runtime.network.netlink;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Messages of rtnetlink(7) about queueing, from include/uapi/linux/pkt_sched.h; see tc-tbf(8). */
public final class TrafficControl {
  private static final int RTM_NEWQDISC = 36;
  private static final int TCA_KIND = 1;
  private static final int TCA_OPTIONS = 2;
  private static final int TCA_TBF_PARMS = 1;
  private static final int TCA_TBF_RATE64 = 4;
  private static final int TCA_TBF_BURST = 6;
  private static final int TC_H_ROOT = -1;
  private static final int HANDLE = 1 << 16;
  private static final byte TC_LINKLAYER_ETHERNET = 1;
  private static final int TBF_QOPT_BYTES = 36;

  /** At least a few of the largest packets, which are cut into pieces where they are larger. */
  private static final long LEAST_BURST = 32 * 1024;

  private static final long MOST_BURST = 1 << 30;

  /** What fits into this fraction of a second goes at once. */
  private static final int BURSTS_IN_A_SECOND = 20;

  private TrafficControl() {}

  /**
   * Limits what a link sends; a limit there is already is replaced.
   *
   * @param name of the link, for messages
   * @param bitsPerSecond at least 8
   */
  public static NetlinkMessage limit(int link, String name, long bitsPerSecond) {
    long rate = bitsPerSecond / 8;
    int burst = (int) Math.clamp(rate / BURSTS_IN_A_SECOND, LEAST_BURST, MOST_BURST);
    MessageWriter body =
        new MessageWriter()
            .headerU8(0)
            .headerU8(0)
            .headerU16(0)
            .headerU32(link)
            .headerU32(HANDLE)
            .headerU32(TC_H_ROOT)
            .headerU32(0)
            .string(TCA_KIND, "tbf")
            .nest(
                TCA_OPTIONS,
                options ->
                    options
                        .bytes(TCA_TBF_PARMS, parameters(rate, 2 * burst))
                        .bytes(TCA_TBF_RATE64, u64(rate))
                        .u32(TCA_TBF_BURST, burst));
    return new NetlinkMessage(
        "limit what is sent by link",
        name,
        RTM_NEWQDISC,
        NetlinkMessage.ACK | NetlinkMessage.CREATE | NetlinkMessage.REPLACE,
        body.toBytes());
  }

  /** struct tc_tbf_qopt; its rate saturates, and the one of 64 bits stands beside it. */
  private static byte[] parameters(long rate, int queueBytes) {
    return ByteBuffer.allocate(TBF_QOPT_BYTES)
        .order(ByteOrder.nativeOrder())
        .put(1, TC_LINKLAYER_ETHERNET)
        .putInt(8, (int) Math.min(rate, 0xFFFF_FFFFL))
        .putInt(24, queueBytes)
        .array();
  }

  private static byte[] u64(long value) {
    return ByteBuffer.allocate(Long.BYTES).order(ByteOrder.nativeOrder()).putLong(value).array();
  }
}
