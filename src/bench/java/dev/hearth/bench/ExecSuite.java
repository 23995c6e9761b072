package dev.hearth.bench;

import static dev.hearth.bench.Measure.Unit.COUNT;
import static dev.hearth.bench.Measure.Unit.MEGABYTES;

import dev.hearth.bench.Site.Contenders;
import dev.hearth.proto.cri.v1.ExecRequest;
import dev.hearth.testing.Cri;
import dev.hearth.testing.Pods;
import dev.hearth.testing.SpdyClient;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * What is left of very many commands, synchronous and streamed: memory, descriptors, threads and
 * processes of daemon and shims before and after. Hearth alone: the peers would take an hour for
 * what is a promise of Hearth's.
 */
final class ExecSuite implements Suite {
  private static final int CLIENTS = 4;

  /** After so many the daemon's code is compiled and its pools are full. */
  private static final int WARM_UPS = 2_000;

  private static final Duration REST = Duration.ofSeconds(10);

  private final int calls;
  private final int streams;

  /**
   * A suite of that many ExecSyncs.
   *
   * @param streams how many streamed commands
   */
  ExecSuite(int calls, int streams) {
    this.calls = calls;
    this.streams = streams;
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
      measure(new Kind("exec", "%,d ExecSyncs", calls), contender, pod, results);
      measure(new Kind("stream", "%,d streamed Execs", streams), contender, pod, results);
      contender.cri().removePod(pod.podId());
    }
  }

  /** A way to run commands, {@code title} with their number in it. */
  private record Kind(String id, String title, int calls) {
    boolean streamed() {
      return id.equals("stream");
    }

    Measure measure(String what, String id, boolean after, Measure.Unit unit) {
      String when = (after ? "after " : "before ") + title.formatted(calls);
      return Measure.of(
          this.id + "-" + id + "-" + (after ? "after" : "before"), what + " " + when, unit);
    }
  }

  private static void measure(Kind kind, CriContender contender, BenchPod pod, Results results)
      throws Exception {
    execute(kind, contender.cri(), pod, WARM_UPS);
    weigh(kind, false, contender, pod, results);
    execute(kind, contender.cri(), pod, kind.calls());
    weigh(kind, true, contender, pod, results);
  }

  private static void execute(Kind kind, Cri cri, BenchPod pod, int calls) throws Exception {
    try (ExecutorService clients = Executors.newFixedThreadPool(CLIENTS)) {
      Callable<Boolean> client =
          () -> {
            for (int i = 0; i < calls / CLIENTS; i++) {
              if (kind.streamed()) {
                stream(cri, pod.containerId());
              } else if (cri.exec(pod.containerId(), "true").getExitCode() != 0) {
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

  /** Runs a command over SPDY, as kubectl does. */
  private static void stream(Cri cri, String containerId) throws IOException {
    ExecRequest request =
        ExecRequest.newBuilder()
            .setContainerId(containerId)
            .addCmd("true")
            .setStdout(true)
            .setStderr(true)
            .build();
    String url = cri.runtime().exec(request).getUrl();
    try (SpdyClient client = SpdyClient.connect(url, "v4.channel.k8s.io")) {
      int error = client.open("error");
      client.open("stdout");
      client.open("stderr");
      String end = client.text(error);
      if (!end.contains("\"Success\"")) {
        throw new IllegalStateException("a streamed exec of true ended with " + end);
      }
    }
  }

  private static void weigh(
      Kind kind, boolean after, CriContender contender, BenchPod pod, Results results)
      throws Exception {
    Thread.sleep(REST);
    var all = new ArrayList<Long>(contender.companions());
    double shim = all.stream().mapToDouble(Processes::pss).sum();
    all.add(contender.daemonPid());
    double descriptors = 0;
    double threads = 0;
    for (long pid : all) {
      descriptors += Processes.descriptors(pid);
      threads += Processes.threads(pid);
    }
    String name = contender.name();
    results.add(
        kind.measure("daemon RSS", "rss", after, MEGABYTES),
        name,
        Processes.rss(contender.daemonPid()));
    results.add(kind.measure("shim PSS", "shim", after, MEGABYTES), name, shim);
    results.add(kind.measure("descriptors of both", "fds", after, COUNT), name, descriptors);
    results.add(kind.measure("threads of both", "threads", after, COUNT), name, threads);
    results.add(
        kind.measure("processes of the container", "processes", after, COUNT),
        name,
        Pods.processes(pod.containerId()).size());
  }
}
