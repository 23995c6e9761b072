package dev.hearth.bench;

import static dev.hearth.bench.Measure.Unit.SECONDS;

import dev.hearth.bench.Site.Contenders;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/** Many pods at the same moment, as when a node comes back. */
final class BurstSuite implements Suite {
  private final int pods;
  private final Alternation alternation;
  private final AtomicInteger numbers = new AtomicInteger();
  private final Measure up;
  private final Measure down;

  BurstSuite(int pods, int rounds) {
    this.pods = pods;
    alternation = new Alternation(rounds, 1);
    // The budget is 1.3 s for 100.
    up = Measure.of("burst-up", pods + " pods at once, until all run", SECONDS, 0.013 * pods);
    down = Measure.of("burst-down", "the same pods removed at once", SECONDS);
  }

  @Override
  public String name() {
    return "burst";
  }

  @Override
  public void measure(Site site, Contenders contenders, Results results) throws Exception {
    String image = site.busybox();
    contenders.daemons().forEach(contender -> contender.cri().pull(image));
    alternation.run(
        contenders.all(),
        results,
        (contender, into) -> {
          var burst = new ArrayList<BenchPod>();
          for (int i = 0; i < pods; i++) {
            burst.add(new BenchPod(contender, site, image, "burst-" + numbers.incrementAndGet()));
          }
          long start = System.nanoTime();
          atOnce(burst, BenchPod::run);
          into.addSince(up, contender.name(), start);
          long stop = System.nanoTime();
          atOnce(burst, pod -> contender.cri().removePod(pod.podId()));
          into.addSince(down, contender.name(), stop);
        });
  }

  /** Work on a pod. */
  @FunctionalInterface
  interface Work {
    void on(BenchPod pod) throws Exception;
  }

  /** Works on all pods, each in a thread of its own, and returns when all is done. */
  static void atOnce(List<BenchPod> pods, Work work) throws Exception {
    // Platform threads: opening a FIFO blocks the thread that does it.
    try (ExecutorService threads = Executors.newFixedThreadPool(pods.size())) {
      List<Callable<Boolean>> tasks =
          pods.stream()
              .<Callable<Boolean>>map(pod ->
                  () -> {
                    work.on(pod);
                    return true;
                  })
              .toList();
      for (Future<Boolean> done : threads.invokeAll(tasks)) {
        done.get();
      }
    }
  }
}
