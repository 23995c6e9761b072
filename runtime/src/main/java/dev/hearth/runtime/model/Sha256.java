package dev.hearth.runtime.model;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-256 , yielding {@link Digest}s. */
public final class Sha256 {
  private Sha256() {}

  public static Digest of(byte[] bytes) {
    return digest(begin().digest(bytes));
  }

  /** The digest of what was fed to {@code hash}, which can be fed no more. */
  public static Digest finish(MessageDigest hash) {
    return digest(hash.digest());
  }

  public static MessageDigest begin() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  private static Digest digest(byte[] hash) {
    return Digest.sha256(HexFormat.of().formatHex(hash));
  }
}
