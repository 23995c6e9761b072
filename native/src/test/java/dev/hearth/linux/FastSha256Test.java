package dev.hearth.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.security.MessageDigest;
import java.util.Random;
import org.junit.jupiter.api.Test;

class FastSha256Test {
  private static final int MOST = 200_000;

  @Test
  void hashIsTheJdksHoweverTheBytesArrive() throws Exception {
    Random random = new Random(7);
    byte[] bytes = new byte[MOST];
    random.nextBytes(bytes);
    for (int length : new int[] {0, 1, 55, 56, 64, 65, 65_535, 65_536, 65_537, 131_072, MOST}) {
      MessageDigest fast = FastSha256.begin();
      MessageDigest jdk = MessageDigest.getInstance("SHA-256");
      int from = 0;
      while (from < length) {
        int n = Math.min(length - from, 1 + random.nextInt(100_000));
        fast.update(bytes, from, n);
        from += n;
      }
      jdk.update(bytes, 0, length);
      assertThat(fast.digest()).as("%d bytes", length).isEqualTo(jdk.digest());
    }
  }

  @Test
  void oneIsReadyForTheNextAfterItsHashAndAfterAReset() throws Exception {
    MessageDigest fast = FastSha256.begin();
    byte[] expected = MessageDigest.getInstance("SHA-256").digest(new byte[] {1, 2});

    fast.update(new byte[] {9, 9, 9});
    fast.reset();
    fast.update((byte) 1);
    fast.update((byte) 2);
    assertThat(fast.digest()).isEqualTo(expected);
    assertThat(fast.digest(new byte[] {1, 2})).isEqualTo(expected);
  }
}
