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
import java.util.stream.Stream;

/** A daemon without work, and one with many pods: memory, statistics, restarts. */
final class LoadSuite implements Suite {
  private static final int TOGETHER = 10;
  private static final int CALLS = 20;
  private static final int RESTARTS = 5;
  private static final int FEW_RESTARTS = 3;

  /** After so long without a call a daemon is idle. */
  private static final Duration REST = Duration.ofSeconds(10);

  private static final Measure START_EMPTY =
      Measure.of("start-empty", "daemon start, empty", SECONDS, 0.4);
  private static final Measure RSS_IDLE = Measure.of("rss-idle", "daemon RSS, idle", MEGABYTES, 80);

  private final int pods;
  private final int manyPods;
  private final Measure startLoaded;
  private final Measure startMany;
  private final Measure rssLoaded;
  private final Measure companions;
  private final Measure stats;
  private final Measure list;

  /**
   * @param pods for which everything is measured
   * @param manyPods for which one more start is
   */
  LoadSuite(int pods, int manyPods) {
    this.pods = pods;
    this.manyPods = manyPods;
    startLoaded =
        Measure.of("start-loaded", "daemon start with " + pods + " running pods", SECONDS, 0.6);
    startMany =
        Measure.of("start-many", "daemon start with " + manyPods + " running pods", SECONDS, 1);
    rssLoaded = Measure.of("rss-loaded", "daemon RSS, " + pods + " pods", MEGABYTES, 110);
    companions = Measure.of("shim", "shims and the like for each pod, PSS", MEGABYTES, 0.1);
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
    weigh(RSS_IDLE, contenders, results);
    Map<CriContender, List<BenchPod>> running = new HashMap<>();
    for (CriContender contender : contenders.daemons()) {
      Set<Long> before = new TreeSet<>(contender.companions());
      running.put(contender, fill(contender, site, image, 0, pods));
      results.add(companions, contender.name(), companions(contender, before) / pods);
    }
    weigh(rssLoaded, contenders, results);
    new Alternation(CALLS, 3).run(contenders.daemons(), results, this::call);
    new Alternation(RESTARTS, 1)
        .run(
            contenders.daemons(),
            results,
            (contender, into) -> restart(contender, pods, startLoaded, into));
    for (CriContender contender : contenders.daemons()) {
      running.merge(
          contender,
          fill(contender, site, image, pods, manyPods),
          (some, more) -> Stream.concat(some.stream(), more.stream()).toList());
    }
    new Alternation(FEW_RESTARTS, 1)
        .run(
            contenders.daemons(),
            results,
            (contender, into) -> restart(contender, manyPods, startMany, into));
    for (CriContender contender : contenders.daemons()) {
      for (List<BenchPod> some : portions(running.getOrDefault(contender, List.of()))) {
        BurstSuite.atOnce(some, pod -> contender.cri().removePod(pod.podId()));
      }
    }
  }

  /** What the daemons take when they have rested. */
  private static void weigh(Measure measure, Contenders contenders, Results results)
      throws InterruptedException {
    Thread.sleep(REST);
    for (CriContender contender : contenders.daemons()) {
      results.add(measure, contender.name(), Processes.rss(contender.daemonPid()));
    }
  }

  private static List<BenchPod> fill(
      CriContender contender, Site site, String image, int from, int to) throws Exception {
    var all = new ArrayList<BenchPod>();
    for (int i = from; i < to; i++) {
      all.add(
          new BenchPod(
              contender, site, image, "load-" + contender.name().replace('+', '-') + "-" + i));
    }
    for (List<BenchPod> some : portions(all)) {
      BurstSuite.atOnce(some, BenchPod::run);
    }
    return all;
  }

  /** What all the runtime's processes for its pods take that were not there before, in MB. */
  private double companions(CriContender contender, Set<Long> before) {
    List<Long> all =
        contender.companions().stream().filter(pid -> !before.contains(pid)).distinct().toList();
    if (all.size() < pods) {
      throw new IllegalStateException(
          contender.name() + " has " + all.size() + " processes for " + pods + " pods");
    }
    return all.stream().mapToDouble(Processes::pss).sum();
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
