package dev.hearth.bench;

import static dev.hearth.bench.Measure.Unit.MEGABYTES;
import static dev.hearth.bench.Measure.Unit.MILLISECONDS;
import static dev.hearth.bench.Measure.Unit.SECONDS;

import dev.hearth.bench.Site.Contenders;
import dev.hearth.proto.cri.v1.ContainerState;
import dev.hearth.proto.cri.v1.ListContainerStatsRequest;
import dev.hearth.proto.cri.v1.ListContainersRequest;
import dev.hearth.proto.cri.v1.ListPodSandboxRequest;
import dev.hearth.proto.cri.v1.PodSandboxState;
import dev.hearth.testing.Await;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** A daemon without work, and one with many pods: memory, statistics, restarts. */
final class LoadSuite implements Suite {
  private static final int TOGETHER = 10;
  private static final int CALLS = 20;
  private static final int RESTARTS = 5;

  private static final Measure START_EMPTY =
      Measure.of("start-empty", "daemon start, empty", SECONDS, 0.4);
  private static final Measure RSS_IDLE = Measure.of("rss-idle", "daemon RSS, idle", MEGABYTES, 80);

  private final int pods;
  private final Measure startLoaded;
  private final Measure rssLoaded;
  private final Measure companions;
  private final Measure stats;
  private final Measure list;

  LoadSuite(int pods) {
    this.pods = pods;
    startLoaded =
        Measure.of("start-loaded", "daemon start with " + pods + " running pods", SECONDS, 0.6);
    rssLoaded = Measure.of("rss-loaded", "daemon RSS, " + pods + " pods", MEGABYTES, 110);
    companions = Measure.of("shim", "PSS beside each pod's own processes", MEGABYTES, 0.1);
    stats = Measure.of("stats", "ListContainerStats of " + pods, MILLISECONDS, 8);
    list = Measure.of("list", "ListContainers of " + pods, MILLISECONDS);
  }

  @Override
  public String name() {
    return "load";
  }

  @Override
  public void measure(Site site, Contenders contenders, Results results) throws Exception {
    String image = site.busybox();
    contenders.daemons().forEach(contender -> contender.cri().pull(image));
    new Alternation(RESTARTS, 1)
        .run(
            contenders.daemons(),
            results,
            (contender, into) -> restart(contender, 0, START_EMPTY, into));
    for (CriContender contender : contenders.daemons()) {
      results.add(RSS_IDLE, contender.name(), Processes.rss(contender.daemonPid()));
    }
    Map<CriContender, List<BenchPod>> running = new HashMap<>();
    for (CriContender contender : contenders.daemons()) {
      running.put(contender, fill(contender, site, image, results));
    }
    new Alternation(CALLS, 3).run(contenders.daemons(), results, this::call);
    new Alternation(RESTARTS, 1)
        .run(
            contenders.daemons(),
            results,
            (contender, into) -> restart(contender, pods, startLoaded, into));
    for (CriContender contender : contenders.daemons()) {
      for (List<BenchPod> some : portions(running.getOrDefault(contender, List.of()))) {
        BurstSuite.atOnce(some, pod -> contender.cri().removePod(pod.podId()));
      }
    }
  }

  private List<BenchPod> fill(CriContender contender, Site site, String image, Results results)
      throws Exception {
    Set<Long> before = new TreeSet<>(contender.companions());
    var all = new ArrayList<BenchPod>();
    for (int i = 0; i < pods; i++) {
      all.add(
          new BenchPod(
              contender, site, image, "load-" + contender.name().replace('+', '-') + "-" + i));
    }
    for (List<BenchPod> some : portions(all)) {
      BurstSuite.atOnce(some, BenchPod::run);
    }
    results.add(rssLoaded, contender.name(), Processes.rss(contender.daemonPid()));
    double pss =
        contender.companions().stream()
            .filter(pid -> !before.contains(pid))
            .mapToDouble(Processes::pss)
            .sum();
    results.add(companions, contender.name(), pss / pods);
    return all;
  }

  private void call(CriContender contender, Results into) {
    long start = System.nanoTime();
    int measured =
        contender
            .cri()
            .runtime()
            .listContainerStats(ListContainerStatsRequest.getDefaultInstance())
            .getStatsCount();
    into.addSince(stats, contender.name(), start);
    long listing = System.nanoTime();
    int listed = runningContainers(contender);
    into.addSince(list, contender.name(), listing);
    if (measured < pods || listed < pods) {
      throw new IllegalStateException(
          contender.name() + " measured " + measured + " and listed " + listed + " of " + pods);
    }
  }

  /** Kills the daemon and waits until it knows all its pods again. */
  private static void restart(CriContender contender, int expected, Measure measure, Results into)
      throws Exception {
    contender.kill();
    long start = System.nanoTime();
    contender.startAgain();
    Await.until(
        contender.name() + " to know its pods again",
        Duration.ofSeconds(60),
        () -> readyPods(contender) >= expected && runningContainers(contender) >= expected);
    into.addSince(measure, contender.name(), start);
  }

  private static long readyPods(CriContender contender) {
    return contender
        .cri()
        .runtime()
        .listPodSandbox(ListPodSandboxRequest.getDefaultInstance())
        .getItemsList()
        .stream()
        .filter(pod -> pod.getState() == PodSandboxState.SANDBOX_READY)
        .count();
  }

  private static int runningContainers(CriContender contender) {
    return (int)
        contender
            .cri()
            .runtime()
            .listContainers(ListContainersRequest.getDefaultInstance())
            .getContainersList()
            .stream()
            .filter(container -> container.getState() == ContainerState.CONTAINER_RUNNING)
            .count();
  }

  private static List<List<BenchPod>> portions(List<BenchPod> pods) {
    var portions = new ArrayList<List<BenchPod>>();
    for (int i = 0; i < pods.size(); i += TOGETHER) {
      portions.add(pods.subList(i, Math.min(pods.size(), i + TOGETHER)));
    }
    return portions;
  }
}
