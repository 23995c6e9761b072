package dev.hearth.linux;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * SHA-256 for much at once, by the processor's own instructions. The JDK uses those only in code of
 * its second compiler, without which it digests at a tenth of the speed. One thread at a time.
 */
public final class FastSha256 extends MessageDigest {
  private static final int BLOCK = 1 << 16;

  private final ByteBuffer context = ByteBuffer.allocateDirect(LibCrypto.CONTEXT_BYTES);
  private final ByteBuffer block = ByteBuffer.allocateDirect(BLOCK);

  private FastSha256() {
    super("SHA-256");
    engineReset();
  }

  /** The system's OpenSSL's where it has one, otherwise the JDK's. */
  public static MessageDigest begin() {
    NativeCalls.load();
    if (LibCrypto.PRESENT) {
      return new FastSha256();
    }
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  @Override
  protected int engineGetDigestLength() {
    return LibCrypto.HASH_BYTES;
  }

  @Override
  protected void engineUpdate(byte input) {
    engineUpdate(new byte[] {input}, 0, 1);
  }

  @Override
  protected void engineUpdate(byte[] input, int offset, int length) {
    int done = 0;
    while (done < length) {
      int n = Math.min(length - done, BLOCK);
      block.put(0, input, offset + done, n);
      succeeded(LibCrypto.SHA256_Update(context, block, n));
      done += n;
    }
  }

  @Override
  protected byte[] engineDigest() {
    byte[] hash = new byte[LibCrypto.HASH_BYTES];
    succeeded(LibCrypto.SHA256_Final(block, context));
    block.get(0, hash);
    engineReset();
    return hash;
  }

  @Override
  protected void engineReset() {
    succeeded(LibCrypto.SHA256_Init(context));
  }

  private static void succeeded(int answer) {
    if (answer != 1) {
      throw new IllegalStateException("the system's OpenSSL cannot compute SHA-256");
    }
  }
}
