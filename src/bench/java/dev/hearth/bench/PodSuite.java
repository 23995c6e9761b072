package dev.hearth.bench;

import static dev.hearth.bench.Measure.Unit.MILLISECONDS;

import dev.hearth.bench.Site.Contenders;
import dev.hearth.proto.cri.v1.RemovePodSandboxRequest;
import dev.hearth.testing.Cri;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

/** One pod after the other, through its whole life. */
final class PodSuite implements Suite {
  private static final Measure RUN = Measure.of("run-pod", "RunPodSandbox", MILLISECONDS);
  private static final Measure CREATE = Measure.of("create", "CreateContainer", MILLISECONDS);
  private static final Measure START = Measure.of("start", "StartContainer", MILLISECONDS);
  private static final Measure ALL =
      Measure.of("pod", "the three, to the first instruction", MILLISECONDS, 5);
  private static final Measure EXEC = Measure.of("exec", "ExecSync of true", MILLISECONDS, 2.5);
  private static final Measure STOP =
      Measure.of("stop", "StopContainer + RemoveContainer", MILLISECONDS, 5);
  private static final Measure STOP_POD =
      Measure.of("stop-pod", "StopPodSandbox + RemovePodSandbox", MILLISECONDS, 8);
  private static final int EXECS = 3;

  private final AtomicInteger numbers = new AtomicInteger();
  private final Alternation alternation;

  PodSuite(int rounds) {
    alternation = new Alternation(rounds, Math.max(3, rounds / 10));
  }

  @Override
  public String name() {
    return "pod";
  }

  @Override
  public void measure(Site site, Contenders contenders, Results results) throws Exception {
    String image = site.busybox();
    contenders.daemons().forEach(contender -> contender.cri().pull(image));
    alternation.run(
        contenders.all(),
        results,
        (contender, into) -> {
          var pod = new BenchPod(contender, site, image, "pod-" + numbers.incrementAndGet());
          live(pod, contender, into);
        });
  }

  private static void live(BenchPod pod, CriContender contender, Results into) throws Exception {
    String name = contender.name();
    Cri cri = contender.cri();
    long start = System.nanoTime();
    pod.runSandbox();
    into.addSince(RUN, name, start);
    long create = System.nanoTime();
    pod.create();
    into.addSince(CREATE, name, create);
    long run = System.nanoTime();
    pod.start();
    into.addSince(START, name, run);
    pod.awaitFirstInstruction();
    into.addSince(ALL, name, start);

    for (int i = 0; i < EXECS; i++) {
      long exec = System.nanoTime();
      int status = cri.exec(pod.containerId(), "true").getExitCode();
      into.addSince(EXEC, name, exec);
      if (status != 0) {
        throw new IllegalStateException(name + ": exec of true ended with " + status);
      }
    }

    long stop = System.nanoTime();
    cri.stop(pod.containerId(), Duration.ofSeconds(10));
    cri.remove(pod.containerId());
    into.addSince(STOP, name, stop);
    long stopPod = System.nanoTime();
    cri.stopPod(pod.podId());
    cri.runtime()
        .removePodSandbox(
            RemovePodSandboxRequest.newBuilder().setPodSandboxId(pod.podId()).build());
    into.addSince(STOP_POD, name, stopPod);
  }
}
