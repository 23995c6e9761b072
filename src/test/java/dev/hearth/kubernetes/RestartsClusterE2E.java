package dev.hearth.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.proto.cri.v1.ListContainersRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Kubelet and daemon are killed: nothing restarts that should not, and nothing is left. */
@Alone
class RestartsClusterE2E {
  @RegisterExtension static final ClusterBed BED = new ClusterBed();

  private static final String STAY = "trap 'exit 0' TERM; while :; do sleep 0.2; done";
  private static final int SEVERAL = 8;

  private static Cluster cluster() {
    return BED.cluster();
  }

  @AfterEach
  void nothingIsLeft() {
    cluster().removePods();
  }

  private static List<KubePod> pods(String name) {
    var pods = new ArrayList<KubePod>();
    for (int number = 0; number < SEVERAL; number++) {
      pods.add(
          cluster()
              .run(
                  name + "-" + number,
                  """
                  terminationGracePeriodSeconds: 5
                  containers:
                  - {name: main, image: IMAGE, command: [sh, -c, "%1$s"], readinessProbe: &p {exec: {command: ["true"]}, periodSeconds: 1, timeoutSeconds: 5}, livenessProbe: *p}
                  - {name: other, image: IMAGE, command: [sh, -c, "%1$s"]}
                  """
                      .formatted(STAY)));
    }
    return pods;
  }

  /** Container ids by pod and container, none of which was ever started again. */
  private static Map<String, String> running(List<KubePod> pods) {
    var ids = new TreeMap<String, String>();
    for (KubePod pod : pods) {
      pod.awaitReady();
      for (String name : List.of("main", "other")) {
        assertThat(pod.container(name).at("restartCount").number()).as(pod.name()).isZero();
        ids.put(pod.name() + "/" + name, pod.containerId(name));
      }
    }
    return ids;
  }

  /**
   * Waits until all are Ready, and fails if a container ran before the one that runs now. One that
   * was created and never started counts as an attempt with the kubelet, and not here.
   */
  private static void awaitStartedOnce(List<KubePod> pods) {
    for (KubePod pod : pods) {
      pod.awaitReady();
      for (String name : List.of("main", "other")) {
        String last = pod.container(name).at("lastState.terminated.startedAt").text();
        assertThat(last).as(pod.name()).isIn("", "1970-01-01T00:00:00Z");
      }
    }
  }

  /** Containers that the runtime has, by pod and name, ended ones too. */
  private static List<String> known(String prefix) {
    return cluster()
        .daemon()
        .cri()
        .runtime()
        .listContainers(ListContainersRequest.getDefaultInstance())
        .getContainersList()
        .stream()
        .map(container ->
            container.getLabelsOrDefault("io.kubernetes.pod.name", "")
                + "/"
                + container.getMetadata().getName())
        .filter(name -> name.startsWith(prefix))
        .sorted()
        .toList();
  }

  @Test
  void podsLiveThroughTheDeathOfTheKubelet() throws IOException {
    List<KubePod> pods = pods("kubelet-dies");
    Map<String, String> before = running(pods);
    cluster().kubelet().kill();
    cluster().kubelet().startAgain("");
    cluster().awaitNode();
    assertThat(running(pods)).isEqualTo(before);
    assertThat(known("kubelet-dies")).hasSize(2 * SEVERAL);
  }

  @Test
  void podsLiveThroughTheDeathOfTheDaemon() throws IOException {
    List<KubePod> pods = pods("daemon-dies");
    Map<String, String> before = running(pods);
    for (int time = 0; time < 3; time++) {
      cluster().daemon().kill();
      cluster().daemon().startAgain();
    }
    KubePod after = cluster().run("after-daemon-died", one());
    after.awaitReady();
    assertThat(running(pods)).isEqualTo(before);
    assertThat(known("daemon-dies")).hasSize(2 * SEVERAL);
  }

  private static String one() {
    return "containers: [{name: main, image: IMAGE, command: [sh, -c, \"" + STAY + "\"]}]\n";
  }

  @Test
  void podsThatAreStartingWhenTheDaemonDiesStartOnce() throws IOException {
    List<KubePod> pods = pods("starting");
    Cluster.await(() -> "some to be made", () -> known("starting").size() > 2);
    cluster().daemon().kill();
    cluster().daemon().startAgain();
    awaitStartedOnce(pods);
  }

  @Test
  void podsThatAreStartingWhenBothDieStartOnce() throws IOException {
    List<KubePod> pods = pods("both");
    Cluster.await(() -> "some to be made", () -> known("both").size() > 2);
    cluster().kubelet().kill();
    cluster().daemon().kill();
    cluster().daemon().startAgain();
    cluster().kubelet().startAgain("");
    awaitStartedOnce(pods);
  }

  @Test
  void podsThatAreStoppingWhenTheDaemonDiesGo() throws IOException {
    List<KubePod> pods = pods("stopping");
    Map<String, String> _ = running(pods);
    pods.forEach(pod -> pod.delete(5));
    cluster().daemon().kill();
    cluster().daemon().startAgain();
    pods.forEach(KubePod::awaitGone);
    Cluster.await(() -> "the containers to go", () -> known("stopping").isEmpty());
  }

  @Test
  void aStaticPodFollowsItsManifest() throws IOException {
    manifest("1");
    var pod = new KubePod(cluster(), "static-" + Kubelet.NODE);
    Cluster.await(() -> "the mirror pod", () -> exists(pod));
    pod.awaitReady();
    pod.awaitLog("main", "revision 1");
    String before = pod.containerId("main");
    manifest("2");
    pod.await("another", now -> exists(pod) && !pod.containerId("main").equals(before));
    pod.awaitReady();
    pod.awaitLog("main", "revision 2");
    Files.delete(cluster().kubelet().manifests().resolve("static.yaml"));
    pod.awaitGone();
    Cluster.await(() -> "the container to go", () -> known("static").isEmpty());
  }

  private static boolean exists(KubePod pod) {
    return cluster().api().find("/api/v1/namespaces/default/pods/" + pod.name()).isPresent();
  }

  private static void manifest(String revision) throws IOException {
    Path written = cluster().folder().resolve("static.yaml");
    Files.writeString(
        written,
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: static, namespace: default}
        spec:
          terminationGracePeriodSeconds: 1
          containers: [{name: main, image: "%s", command: [sh, -c, "echo revision %s; %s"]}]
        """
            .formatted(cluster().image(), revision, STAY));
    Files.move(
        written,
        cluster().kubelet().manifests().resolve("static.yaml"),
        StandardCopyOption.ATOMIC_MOVE,
        StandardCopyOption.REPLACE_EXISTING);
  }

  @Test
  void endsAreToldByEventsWhereTheKubeletListens() throws IOException {
    cluster().kubelet().kill();
    cluster().kubelet().startAgain("EventedPLEG=true");
    try {
      cluster().awaitNode();
      KubePod pod = cluster().run("evented", one());
      pod.awaitReady();
      assertThat(cluster().kubelet().metric("kubelet_evented_pleg_connection_success_count"))
          .isPositive();
      String first = pod.containerId("main");
      cluster().daemon().cri().stop(first, java.time.Duration.ZERO);
      pod.awaitContainer(
          "main", "started again", status -> status.at("restartCount").number() == 1);
      assertThat(
              cluster().kubelet().metric("kubelet_evented_pleg_connection_latency_seconds_count"))
          .isPositive();
    } finally {
      cluster().kubelet().kill();
      cluster().kubelet().startAgain("");
      cluster().awaitNode();
    }
  }
}
