package dev.hearth.bench;

import static dev.hearth.bench.Measure.Unit.MEGABYTES;
import static dev.hearth.bench.Measure.Unit.MILLISECONDS;
import static dev.hearth.bench.Measure.Unit.SECONDS;

import dev.hearth.bench.Site.Contenders;
import dev.hearth.kubernetes.Burst;
import dev.hearth.kubernetes.ControlPlane;
import dev.hearth.kubernetes.Kubelet;
import dev.hearth.kubernetes.Programs;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Many pods at once through a kubelet and a control plane, both new for each contender. Only on
 * request, for it needs the programs of Kubernetes.
 */
final class NodeSuite implements Suite {
  /** Of a device that leads nowhere; a node needs an address beside that of loopback. */
  private static final String ADDRESS = "192.0.2.1";

  private static final int MOST_PODS = 250;

  private final int pods;
  private final int rounds;
  private final Measure up;
  private final Measure down;
  private final Measure memory;
  private final Measure relist;

  NodeSuite(int pods, int rounds) {
    this.pods = pods;
    this.rounds = rounds;
    up = Measure.of("node-up", pods + " pods by the kubelet, until all are Ready", SECONDS);
    down = Measure.of("node-down", "the same pods deleted, until the API has none", SECONDS);
    memory = Measure.of("node-memory", "daemon RSS with these pods", MEGABYTES);
    relist = Measure.of("node-relist", "mean relist of the kubelet so far", MILLISECONDS);
  }

  @Override
  public String name() {
    return "kubernetes";
  }

  @Override
  public boolean isUsual() {
    return false;
  }

  @Override
  public void measure(Site site, Contenders contenders, Results results) throws Exception {
    Programs programs = Programs.here();
    if (!programs.missing().isEmpty()) {
      throw new IOException(
          "neither in $HEARTH_KUBERNETES_BIN nor on the PATH: " + programs.missing());
    }
    Processes.run("ip", "link", "add", "bench-node", "type", "dummy");
    Processes.run("ip", "address", "add", ADDRESS + "/24", "dev", "bench-node");
    Processes.run("ip", "link", "set", "bench-node", "up");
    String image = site.busybox();
    for (CriContender contender : contenders.daemons()) {
      contender.cri().pull(image);
      Path folder = site.shared().resolve("node-" + contender.name());
      try (var control = new ControlPlane(programs, folder.resolve("control"), ADDRESS);
          var kubelet =
              new Kubelet(
                  programs,
                  folder.resolve("kubelet"),
                  new Kubelet.Settings(
                      contender.socket(),
                      control.kubeconfig(),
                      ADDRESS,
                      contender.cgroupParent() + "-kube",
                      MOST_PODS))) {
        control.awaitUsable();
        for (int round = 0; round < rounds; round++) {
          round(contender, control, kubelet, image, results);
        }
      }
    }
  }

  private void round(
      CriContender contender, ControlPlane control, Kubelet kubelet, String image, Results results)
      throws IOException {
    Burst burst =
        Burst.of(
            control.api(),
            image,
            pods,
            () -> {
              results.add(memory, contender.name(), Processes.rss(contender.daemonPid()));
              results.add(
                  relist,
                  contender.name(),
                  kubelet.metric("kubelet_pleg_relist_duration_seconds_sum")
                      / kubelet.metric("kubelet_pleg_relist_duration_seconds_count")
                      * 1000);
            });
    results.add(up, contender.name(), burst.ready().toMillis() / 1e3);
    results.add(down, contender.name(), burst.gone().toMillis() / 1e3);
  }
}
