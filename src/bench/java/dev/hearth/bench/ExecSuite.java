package dev.hearth.bench;

import static dev.hearth.bench.Measure.Unit.COUNT;
import static dev.hearth.bench.Measure.Unit.MEGABYTES;

import dev.hearth.bench.Site.Contenders;
import dev.hearth.testing.Cri;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * What is left of very many ExecSyncs: memory and descriptors of daemon and shims before and after.
 * Hearth alone: the peers would take an hour for what is a promise of Hearth's.
 */
final class ExecSuite implements Suite {
  private static final int CLIENTS = 4;

  /** After so many the daemon's code is compiled and its pools are full. */
  private static final int WARM_UPS = 2_000;

  private static final Duration REST = Duration.ofSeconds(10);

  private final int calls;

  ExecSuite(int calls) {
    this.calls = calls;
  }

  @Override
  public String name() {
    return "exec";
  }

  @Override
  public void measure(Site site, Contenders contenders, Results results) throws Exception {
    String image = site.busybox();
    for (CriContender contender : contenders.hearth()) {
      contender.cri().pull(image);
      var pod = new BenchPod(contender, site, image, "exec");
      pod.run();
      execute(contender.cri(), pod, WARM_UPS);
      weigh("before", "before %,d ExecSyncs".formatted(calls), contender, results);
      execute(contender.cri(), pod, calls);
      weigh("after", "after them", contender, results);
      contender.cri().removePod(pod.podId());
    }
  }

  private static void execute(Cri cri, BenchPod pod, int calls) throws Exception {
    try (ExecutorService clients = Executors.newFixedThreadPool(CLIENTS)) {
      Callable<Boolean> client =
          () -> {
            for (int i = 0; i < calls / CLIENTS; i++) {
              if (cri.exec(pod.containerId(), "true").getExitCode() != 0) {
                throw new IllegalStateException("an exec of true failed");
              }
            }
            return true;
          };
      List<Callable<Boolean>> all = new ArrayList<>();
      for (int i = 0; i < CLIENTS; i++) {
        all.add(client);
      }
      for (Future<Boolean> done : clients.invokeAll(all)) {
        done.get();
      }
    }
  }

  private static void weigh(String id, String when, CriContender contender, Results results)
      throws Exception {
    Thread.sleep(REST);
    long daemon = contender.daemonPid();
    List<Long> shims = contender.companions();
    double shim = shims.stream().mapToDouble(Processes::pss).sum();
    double descriptors = Processes.descriptors(daemon);
    for (long pid : shims) {
      descriptors += Processes.descriptors(pid);
    }
    String name = contender.name();
    results.add(
        Measure.of("exec-rss-" + id, "daemon RSS " + when, MEGABYTES), name, Processes.rss(daemon));
    results.add(Measure.of("exec-shim-" + id, "shim PSS " + when, MEGABYTES), name, shim);
    results.add(
        Measure.of("exec-fds-" + id, "descriptors of both " + when, COUNT), name, descriptors);
  }
}
