package dev.hearth.runtime.stream;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class InflowTest {
  private final AtomicInteger held = new AtomicInteger();
  private final Inflow inflow = new Inflow(held::addAndGet);
  private final byte[] buffer = new byte[4];

  private static byte[] bytes(String text) {
    return text.getBytes(US_ASCII);
  }

  private String read() throws InterruptedException {
    int count = inflow.read(buffer);
    return count < 0 ? "end" : new String(buffer, 0, count, US_ASCII);
  }

  @Test
  void bytesComeInTheirOrderThenTheEnd() throws InterruptedException {
    inflow.put(bytes("abcdef"));
    inflow.put(bytes("gh"));
    inflow.end();

    assertThat(read()).isEqualTo("abcd");
    assertThat(read()).isEqualTo("ef");
    assertThat(read()).isEqualTo("gh");
    assertThat(read()).isEqualTo("end");
  }

  @Test
  void whatIsHeldIsCountedUntilItIsRead() throws InterruptedException {
    inflow.put(bytes("abcdef"));
    assertThat(held).hasValue(6);
    assertThat(read()).isEqualTo("abcd");
    assertThat(held).hasValue(2);
    assertThat(read()).isEqualTo("ef");
    assertThat(held).hasValue(0);
  }

  @Test
  void whatIsThrownAwayIsHeldNoLonger() throws InterruptedException {
    inflow.put(bytes("abcdef"));
    assertThat(read()).isEqualTo("abcd");
    inflow.discard();
    assertThat(held).hasValue(0);
    inflow.put(bytes("more"));
    assertThat(held).hasValue(0);
    assertThat(read()).isEqualTo("end");
  }

  @Test
  void aReaderIsWokenByTheEnd() throws InterruptedException {
    CountDownLatch ended = new CountDownLatch(1);
    Thread reader =
        Thread.ofVirtual()
            .start(() -> {
              try {
                if (inflow.read(new byte[1]) < 0) {
                  ended.countDown();
                }
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    inflow.end();
    assertThat(ended.await(10, TimeUnit.SECONDS)).isTrue();
    reader.join();
  }
}
