package dev.hearth.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class BlockingCallsTest {
  private final BlockingCalls calls = new BlockingCalls(3);
  private final ExecutorService virtual = Executors.newVirtualThreadPerTaskExecutor();

  @AfterEach
  void close() {
    virtual.shutdownNow();
    calls.close();
  }

  @Test
  void runsOnAPlatformThread() throws Exception {
    Future<Boolean> wasVirtual =
        virtual.submit(() -> calls.call(() -> Thread.currentThread().isVirtual()));
    assertThat(wasVirtual.get()).isFalse();
  }

  @Test
  void bringsFailuresBack() {
    Future<?> failing =
        virtual.submit(() -> {
          calls.run(() -> {
            throw new LinuxException("mount x on", "/y", Errno.EBUSY);
          });
          return true;
        });
    assertThatThrownBy(failing::get)
        .isInstanceOf(ExecutionException.class)
        .cause()
        .hasMessage("mount x on /y: device or resource busy (EBUSY)");
  }

  @Test
  void holdsItsLimitAndServesAll() throws Exception {
    var now = new AtomicInteger();
    var most = new AtomicInteger();
    List<Future<Integer>> all = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      int number = i;
      all.add(
          virtual.submit(() ->
              calls.call(() -> {
                most.accumulateAndGet(now.incrementAndGet(), Math::max);
                now.decrementAndGet();
                return number;
              })));
    }
    for (int i = 0; i < 200; i++) {
      assertThat(all.get(i).get()).isEqualTo(i);
    }
    assertThat(most.get()).isBetween(1, 3);
  }

  @Test
  void waitsForACallBegunThoughInterrupted() throws Exception {
    var begun = new CountDownLatch(1);
    var end = new CountDownLatch(1);
    var outcome = new ArrayList<Object>();
    Thread caller =
        Thread.ofVirtual()
            .start(() -> {
              try {
                outcome.add(
                    calls.call(() -> {
                      begun.countDown();
                      end.await();
                      return "result";
                    }));
                outcome.add(Thread.interrupted());
              } catch (InterruptedException e) {
                outcome.add(e);
              }
            });
    begun.await();
    caller.interrupt();
    end.countDown();
    caller.join();
    assertThat(outcome).containsExactly("result", true);
  }

  @Test
  void leavesTheCarriersToOthers() throws Exception {
    try (Opens.Pipe pipe = Opens.pipe()) {
      var begun = new CountDownLatch(3);
      List<Future<Integer>> blocked = new ArrayList<>();
      for (int i = 0; i < 3 * Runtime.getRuntime().availableProcessors(); i++) {
        blocked.add(
            virtual.submit(() ->
                calls.call(() -> {
                  begun.countDown();
                  return Descriptors.read(pipe.reader(), ByteBuffer.allocate(1));
                })));
      }
      begun.await();
      assertThat(virtual.submit(() -> "free").get()).isEqualTo("free");
      pipe.writer().close();
      for (Future<Integer> each : blocked) {
        assertThat(each.get()).isEqualTo(-1);
      }
    }
  }
}
