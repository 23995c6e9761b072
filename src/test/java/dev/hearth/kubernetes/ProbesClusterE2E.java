package dev.hearth.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Probes of each way to ask and of all three kinds: a pod becomes Ready by them, is not Ready when
 * what they ask for breaks, and its container is then started again.
 */
@SideBySide
class ProbesClusterE2E {
  @RegisterExtension static final ClusterBed BED = new ClusterBed();

  private static final String STAY = "trap 'exit 0' TERM; while :; do sleep 0.2; done";

  @Test
  void aCommandIsRunInTheContainer() throws IOException {
    breaks(
        "probe-exec",
        "touch /tmp/well; " + STAY,
        "exec: {command: [test, -e, /tmp/well]}",
        "rm /tmp/well");
  }

  @Test
  void aPageIsFetchedFromThePod() throws IOException {
    breaks(
        "probe-http",
        "mkdir /tmp/www; echo well >/tmp/www/well; httpd -p 8080 -h /tmp/www; " + STAY,
        "httpGet: {path: /well, port: 8080}",
        "rm /tmp/www/well");
  }

  @Test
  void aPortOfThePodIsConnectedTo() throws IOException {
    breaks(
        "probe-tcp",
        "nc -ll -p 8080 -e true & echo $! >/tmp/pid; " + STAY,
        "tcpSocket: {port: 8080}",
        "kill $(cat /tmp/pid)");
  }

  @Test
  void theHealthServiceOfThePodIsCalled() throws IOException {
    // busybox speaks no gRPC: in the pod is a relay to a server of this test.
    try (HealthServer server = HealthServer.start(BED.cluster().nodeAddress())) {
      breaks(
          "probe-grpc",
          "nc -ll -p 8080 -e nc %s %d & echo $! >/tmp/pid; %s"
              .formatted(BED.cluster().nodeAddress(), server.port(), STAY),
          "grpc: {port: 8080}",
          "kill $(cat /tmp/pid)");
      assertThat(server.calls()).isPositive();
    }
  }

  private static void breaks(String name, String command, String ask, String breaking)
      throws IOException {
    try (KubePod pod =
        BED.cluster()
            .run(
                name,
                """
                containers:
                - name: main
                  image: IMAGE
                  command: [sh, -c, "%1$s"]
                  startupProbe: {%2$s, periodSeconds: 1, failureThreshold: 30}
                  readinessProbe: {%2$s, periodSeconds: 1, failureThreshold: 1, timeoutSeconds: 5}
                  livenessProbe: {%2$s, periodSeconds: 1, failureThreshold: 6, timeoutSeconds: 5}
                """
                    .formatted(command, ask))) {
      pod.awaitReady();
      assertThat(pod.container("main").at("started").text()).isEqualTo("true");
      pod.exec("sh", "-c", breaking);
      pod.await("not Ready", now -> Cluster.condition(now, "Ready").equals("False"));
      pod.awaitContainer(
          "main", "started again", status -> status.at("restartCount").number() == 1);
      pod.awaitReady();
      pod.awaitEvent("Liveness probe failed");
    }
  }

  @Test
  void aCommandThatHangsIsAFailureAndLeavesNoProcess() throws IOException {
    try (KubePod pod =
        BED.cluster()
            .run(
                "probe-hangs",
                """
                containers:
                - name: main
                  image: IMAGE
                  command: [sh, -c, "%s"]
                  readinessProbe: {exec: {command: [sleep, "4321"]}, periodSeconds: 1, timeoutSeconds: 1}
                """
                    .formatted(STAY))) {
      pod.awaitEvent("Readiness probe failed");
      // One may be running just now, and none before it.
      assertThat(pod.exec("sh", "-c", "ps | grep -c '[s]leep 4321' || true")).isIn("0", "1");
      assertThat(Cluster.condition(pod.get(), "Ready")).isEqualTo("False");
    }
  }

  @Test
  void livenessWaitsForTheStartupProbe() {
    try (KubePod pod =
        BED.cluster()
            .run(
                "probe-startup",
                """
                containers:
                - name: main
                  image: IMAGE
                  command: [sh, -c, "sleep 4; touch /tmp/well; %s"]
                  startupProbe: {exec: {command: [test, -e, /tmp/well]}, periodSeconds: 1, failureThreshold: 60}
                  livenessProbe: {exec: {command: [test, -e, /tmp/well]}, periodSeconds: 1, failureThreshold: 1}
                """
                    .formatted(STAY))) {
      pod.awaitReady();
      assertThat(pod.container("main").at("restartCount").number()).isZero();
    }
  }
}
