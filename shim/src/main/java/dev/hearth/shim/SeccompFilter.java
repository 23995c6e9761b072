package dev.hearth.shim;

import java.util.List;

/**
 * A seccomp program as the kernel takes it.
 *
 * @param instructions struct sock_filter each, as a little-endian number: code in bits 0 to 15, jt
 *     in 16 to 23, jf in 24 to 31, k in 32 to 63
 * @param flags SECCOMP_FILTER_FLAG_*
 */
public record SeccompFilter(List<Long> instructions, int flags) {
  /** BPF_MAXINSNS. */
  private static final int MAX_INSTRUCTIONS = 4096;

  public SeccompFilter {
    if (instructions.isEmpty() || instructions.size() > MAX_INSTRUCTIONS) {
      throw new IllegalArgumentException(
          "a seccomp program of " + instructions.size() + " instructions");
    }
    instructions = List.copyOf(instructions);
  }

  /** One instruction. */
  public static long instruction(int code, int jumpTrue, int jumpFalse, int k) {
    return (code & 0xFFFFL)
        | (jumpTrue & 0xFFL) << 16
        | (jumpFalse & 0xFFL) << 24
        | (k & 0xFFFF_FFFFL) << 32;
  }

  @Override
  public String toString() {
    return "seccomp program of " + instructions.size() + " instructions";
  }
}
