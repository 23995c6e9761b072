package dev.hearth.linux;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;

/**
 * SHA-256 of the system's OpenSSL, as it is loaded into this process, where there is one.
 *
 * <p>These functions are older than EVP and deprecated, but in every build that distributions ship,
 * and their state is a block of ours: there is nothing to be freed when a digest is given up
 * halfway.
 */
final class LibCrypto {
  /** The versions that have these functions, the current one first. */
  private static final List<String> NAMES = List.of("libcrypto.so.3", "libcrypto.so.1.1");

  /** {@code SHA256_CTX} of openssl/sha.h has 112 bytes, in all versions. */
  static final int CONTEXT_BYTES = 128;

  static final int HASH_BYTES = 32;

  /** FIPS 180-2, B.1. */
  private static final String HASH_OF_ABC =
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

  static final boolean PRESENT = load() && computes();

  private LibCrypto() {}

  private static boolean load() {
    for (String name : NAMES) {
      try {
        Native.register(LibCrypto.class, NativeLibrary.getInstance(name));
        return true;
      } catch (UnsatisfiedLinkError _) {
        // Not here, or built without what is deprecated.
      }
    }
    return false;
  }

  private static boolean computes() {
    ByteBuffer context = ByteBuffer.allocateDirect(CONTEXT_BYTES);
    ByteBuffer data =
        ByteBuffer.allocateDirect(3).put(0, "abc".getBytes(StandardCharsets.US_ASCII));
    ByteBuffer hash = ByteBuffer.allocateDirect(HASH_BYTES);
    int done = SHA256_Init(context) & SHA256_Update(context, data, 3) & SHA256_Final(hash, context);
    byte[] bytes = new byte[HASH_BYTES];
    hash.get(bytes);
    return done == 1 && HexFormat.of().formatHex(bytes).equals(HASH_OF_ABC);
  }

  // All answer 1, or 0 on failure. Buffers are direct, and taken from their beginning.

  static native int SHA256_Init(ByteBuffer context);

  static native int SHA256_Update(ByteBuffer context, ByteBuffer data, long size);

  static native int SHA256_Final(ByteBuffer hash, ByteBuffer context);
}
