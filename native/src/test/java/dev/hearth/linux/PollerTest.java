package dev.hearth.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class PollerTest {
  private static final Duration LONG = Duration.ofSeconds(60);

  private final ExecutorService virtual = Executors.newVirtualThreadPerTaskExecutor();
  private Poller poller;

  @BeforeEach
  void start() throws LinuxException {
    poller = new Poller();
  }

  @AfterEach
  void stop() {
    virtual.shutdownNow();
    poller.close();
  }

  @Test
  void wakesThousandsEachForItsOwn() throws Exception {
    List<Fd> counters = new ArrayList<>();
    List<Future<Long>> waits = new ArrayList<>();
    for (int i = 0; i < 2000; i++) {
      Fd counter = Opens.eventCounter();
      counters.add(counter);
      waits.add(virtual.submit(() -> take(counter)));
    }
    for (int i = counters.size() - 1; i >= 0; i--) {
      add(counters.get(i), i + 1);
    }
    for (int i = 0; i < waits.size(); i++) {
      assertThat(waits.get(i).get()).isEqualTo(i + 1);
    }
    counters.forEach(Fd::close);
  }

  private long take(Fd counter) throws Exception {
    ByteBuffer number = ByteBuffer.allocate(8).order(java.nio.ByteOrder.nativeOrder());
    while (true) {
      poller.awaitReadable(counter, LONG);
      if (Descriptors.read(counter, number) > 0) {
        return number.getLong(0);
      }
    }
  }

  private static void add(Fd counter, long number) throws LinuxException {
    Descriptors.writeAll(
        counter, ByteBuffer.allocate(8).order(java.nio.ByteOrder.nativeOrder()).putLong(0, number));
  }

  @Test
  void waitsForBothDirectionsOfOneDescriptor() throws Exception {
    try (UnixSockets.Pair pair = UnixSockets.pair(UnixSockets.Kind.STREAM)) {
      Descriptors.setNonBlocking(pair.first(), true);
      ByteBuffer block = ByteBuffer.allocateDirect(1 << 16);
      int room = 0;
      for (int n; (n = Descriptors.write(pair.first(), block.clear())) > 0; ) {
        room += n;
      }
      Future<?> reader = virtual.submit(() -> wait(pair.first(), true));
      Future<?> writer = virtual.submit(() -> wait(pair.first(), false));
      Future<?> otherReader = virtual.submit(() -> wait(pair.first(), true));
      awaitWaiting(pair.first(), 3);
      Descriptors.writeAll(pair.second(), OpensTest.bytes("x"));
      reader.get();
      otherReader.get();
      assertThat(writer.isDone()).isFalse();
      for (int read = 0; read < room; ) {
        read += Descriptors.read(pair.second(), block.clear());
      }
      writer.get();
    }
  }

  private boolean wait(Fd fd, boolean readable) throws Exception {
    if (readable) {
      poller.awaitReadable(fd, LONG);
    } else {
      poller.awaitWritable(fd, LONG);
    }
    return true;
  }

  /** Until that many threads are waiting, so that the order of what follows is certain. */
  private void awaitWaiting(Fd fd, int count) throws InterruptedException {
    while (poller.waiting(fd) < count) {
      Thread.sleep(1);
    }
  }

  @Test
  void givesUpWhenTheTimeIsOver() throws Exception {
    try (Fd counter = Opens.eventCounter()) {
      assertThatThrownBy(() -> poller.awaitReadable(counter, Duration.ofMillis(5)))
          .isInstanceOf(TimeoutException.class)
          .hasMessage("event counter was not readable within PT0.005S");
      assertThat(poller.waiting(counter)).isZero();
      poller.awaitWritable(counter, Duration.ofDays(200_000));
    }
  }

  @Test
  void answersWithoutTimeToWait() throws Exception {
    try (Fd counter = Opens.eventCounter()) {
      poller.awaitWritable(counter, Duration.ZERO);
      assertThatThrownBy(() -> poller.awaitReadable(counter, Duration.ZERO))
          .isInstanceOf(TimeoutException.class);
      add(counter, 1);
      poller.awaitReadable(counter, Duration.ZERO);
    }
  }

  @Test
  void wakesThoseWhoseDescriptorIsClosed() throws Exception {
    Fd counter = Opens.eventCounter();
    Future<?> waiting = virtual.submit(() -> wait(counter, true));
    awaitWaiting(counter, 1);
    counter.close();
    assertThatThrownBy(waiting::get)
        .isInstanceOf(ExecutionException.class)
        .cause()
        .hasMessage("wait for event counter: bad file descriptor (EBADF)");
  }

  @Test
  void endsAnInterruptedWait() throws Exception {
    try (Fd counter = Opens.eventCounter()) {
      Future<?> waiting = virtual.submit(() -> wait(counter, true));
      awaitWaiting(counter, 1);
      waiting.cancel(true);
      while (poller.waiting(counter) > 0) {
        Thread.sleep(1);
      }
    }
  }

  @Test
  void endsAllWaitsWhenClosed() throws Exception {
    try (Fd counter = Opens.eventCounter()) {
      Future<?> waiting = virtual.submit(() -> wait(counter, true));
      awaitWaiting(counter, 1);
      poller.close();
      assertThatThrownBy(waiting::get).cause().hasMessageContaining("ECANCELED");
      assertThatThrownBy(() -> poller.awaitReadable(counter))
          .hasMessage("wait for event counter: operation canceled (ECANCELED)");
    }
  }

  @Test
  void neverWaitsForFiles() throws Exception {
    try (Fd file = Opens.memory("file");
        Fd dir = Opens.open(Path.of("/"), EnumSet.of(OpenFlag.DIRECTORY))) {
      poller.awaitReadable(file);
      poller.awaitReadable(dir);
    }
  }

  /** Numbers come back at once; whoever waits for the new file must not be woken for the old. */
  @Test
  void survivesNumbersUsedAgain() throws Exception {
    List<Future<Integer>> all = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      all.add(virtual.submit(this::pingPong));
    }
    for (Future<Integer> each : all) {
      assertThat(each.get()).isEqualTo(300);
    }
  }

  private int pingPong() throws Exception {
    int rounds = 0;
    for (; rounds < 300; rounds++) {
      try (Opens.Pipe pipe = Opens.pipe()) {
        int round = rounds;
        Future<Boolean> waiting = virtual.submit(() -> wait(pipe.reader(), true));
        if (round % 3 == 0) {
          pipe.reader().close();
          try {
            waiting.get();
          } catch (ExecutionException e) {
            assertThat(e).hasMessageContaining("EBADF");
          }
        } else {
          Descriptors.writeAll(pipe.writer(), OpensTest.bytes("x"));
          waiting.get();
          assertThat(Descriptors.read(pipe.reader(), ByteBuffer.allocate(9))).isEqualTo(1);
        }
      }
    }
    return rounds;
  }
}
