package dev.hearth.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class PolledStreamsTest {
  private static final Duration LONG = Duration.ofSeconds(60);

  private final ExecutorService virtual = Executors.newVirtualThreadPerTaskExecutor();
  private Poller poller;
  private Opens.Pipe pipe;

  @BeforeEach
  void open() throws LinuxException {
    poller = new Poller();
    pipe = Opens.pipe();
  }

  @AfterEach
  void close() {
    virtual.shutdownNow();
    pipe.close();
    poller.close();
  }

  @Test
  void carriesMoreThanAPipeHolds() throws Exception {
    byte[] much = new byte[1_000_003];
    new Random(1).nextBytes(much);
    Future<Boolean> writing =
        virtual.submit(() -> {
          try (var out = new PolledOutput(pipe.writer(), poller, LONG)) {
            out.write(much[0]);
            out.write(much, 1, much.length - 1);
          }
          return true;
        });
    try (var in = new PolledInput(pipe.reader(), poller, LONG)) {
      assertThat((byte) in.read()).isEqualTo(much[0]);
      byte[] rest = in.readAllBytes();
      assertThat(rest).hasSize(much.length - 1).endsWith(much[much.length - 1]);
      assertThat(java.util.Arrays.equals(rest, 0, rest.length, much, 1, much.length)).isTrue();
      assertThat(in.read()).isEqualTo(-1);
    }
    assertThat(writing.get()).isTrue();
  }

  @Test
  void givesUpWhenTheTimeIsOver() throws Exception {
    try (var in = new PolledInput(pipe.reader(), poller, Duration.ofMillis(5));
        var out = new PolledOutput(pipe.writer(), poller, Duration.ofMillis(5))) {
      assertThatThrownBy(in::read)
          .hasMessage("read pipe (read end): connection timed out (ETIMEDOUT)");
      assertThatThrownBy(() -> out.write(new byte[1_000_000]))
          .hasMessage("write pipe (write end): connection timed out (ETIMEDOUT)");
    }
  }

  @Test
  void endsWhenInterrupted() throws Exception {
    try (var in = new PolledInput(pipe.reader(), poller, LONG)) {
      Thread.currentThread().interrupt();
      assertThatThrownBy(in::read)
          .isInstanceOf(InterruptedIOException.class)
          .hasMessage("interrupted while reading pipe (read end)");
      assertThat(Thread.interrupted()).isTrue();
    }
  }
}
