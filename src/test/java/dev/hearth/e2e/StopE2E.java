package dev.hearth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import dev.hearth.linux.testing.NeedsRoot;
import dev.hearth.proto.cri.v1.ContainerConfig;
import dev.hearth.proto.cri.v1.ContainerStatus;
import dev.hearth.proto.cri.v1.NamespaceMode;
import dev.hearth.proto.cri.v1.Signal;
import dev.hearth.testing.Pods;
import dev.hearth.testing.TestBed;
import dev.hearth.testing.TestImage.Format;
import dev.hearth.testing.TestImages;
import dev.hearth.testing.TestLayer.Compression;
import dev.hearth.testing.TestPod;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a stop sends, and what it does when that is not heeded. */
@NeedsRoot
class StopE2E {
  @RegisterExtension static final TestBed BED = new TestBed();

  private static final int KILLED = 137;
  private static final Duration LONG = Duration.ofSeconds(60);

  /** Ends with a code of its own for each signal. */
  private static final String TELLING =
      "trap 'exit 11' TERM; trap 'exit 12' USR1; trap 'exit 13' QUIT; trap 'exit 14' HUP;"
          + " echo ready; while :; do usleep 10000; done";

  private static ContainerStatus stopped(TestPod pod, ContainerConfig container, Duration grace) {
    String id = pod.start(container);
    PodLife.awaitLines(pod.config(), container, 1);
    BED.cri().stop(id, grace);
    return BED.cri().status(id);
  }

  private static String image(String name, String signal) throws IOException {
    TestImages images = new TestImages(BED.folder().resolve("signals"));
    JsonObject run = TestImages.running("sh", "-c", TELLING);
    run.addProperty("StopSignal", signal);
    String reference =
        BED.registry()
            .push(
                "hearth/" + name + ":1",
                images.image(Format.OCI, run, images.busyboxLayers(Compression.GZIP)));
    BED.cri().pull(reference);
    return reference;
  }

  @Test
  void theSignalIsTheRequestsElseTheImagesElseTerm() throws IOException {
    String usr1 = image("usr1", "SIGUSR1");
    String numbered = image("numbered", "3");
    String nonsense = image("nonsense", "SIGSOMETHING");
    try (TestPod pod = TestPod.of(BED, "signals", linux -> {})) {
      ContainerStatus plain = stopped(pod, pod.script("plain", TELLING, linux -> {}), LONG);
      assertThat(plain.getExitCode()).isEqualTo(11);
      assertThat(plain.getStopSignal()).isEqualTo(Signal.SIGNAL_SIGTERM);
      ContainerStatus ofImage = stopped(pod, Pods.container("of-image", usr1), LONG);
      assertThat(ofImage.getExitCode()).isEqualTo(12);
      assertThat(ofImage.getStopSignal()).isEqualTo(Signal.SIGNAL_SIGUSR1);
      assertThat(stopped(pod, Pods.container("numbered", numbered), LONG).getExitCode())
          .isEqualTo(13);
      assertThat(stopped(pod, Pods.container("nonsense", nonsense), LONG).getExitCode())
          .isEqualTo(11);
      ContainerConfig asked =
          Pods.container("asked", usr1).toBuilder().setStopSignal(Signal.SIGNAL_SIGHUP).build();
      ContainerStatus ofRequest = stopped(pod, asked, LONG);
      assertThat(ofRequest.getExitCode()).isEqualTo(14);
      assertThat(ofRequest.getStopSignal()).isEqualTo(Signal.SIGNAL_SIGHUP);
    }
    BED.cri().removeImage(usr1);
    BED.cri().removeImage(numbered);
    BED.cri().removeImage(nonsense);
  }

  @Test
  void whatDoesNotHeedItIsKilledAfterTheGrace() {
    try (TestPod pod = TestPod.of(BED, "deaf", linux -> {})) {
      ContainerConfig deaf =
          pod.script(
              "deaf", "trap '' TERM; echo ready; while :; do usleep 10000; done", linux -> {});
      ContainerStatus status = stopped(pod, deaf, Duration.ofSeconds(1));
      assertThat(status.getExitCode()).isEqualTo(KILLED);
      assertThat(status.getReason()).isEqualTo("Error");
    }
  }

  @Test
  void processesThatTheFirstOneLeavesBehindEndToo() {
    try (TestPod pod =
        TestPod.of(
            BED,
            "nodes-pids",
            linux ->
                linux
                    .getSecurityContextBuilder()
                    .getNamespaceOptionsBuilder()
                    .setPid(NamespaceMode.NODE))) {
      // In the node's PID namespace nothing ends with the first process by itself.
      ContainerConfig container =
          pod.script(
              "parent",
              "(trap '' TERM; while :; do usleep 10000; done) & echo ready; wait",
              linux ->
                  linux
                      .getSecurityContextBuilder()
                      .getNamespaceOptionsBuilder()
                      .setPid(NamespaceMode.NODE));
      String id = pod.start(container);
      PodLife.awaitLines(pod.config(), container, 1);
      // The two shells, and now and then a usleep.
      assertThat(Pods.processes(id)).hasSizeGreaterThanOrEqualTo(2);
      BED.cri().stop(id, LONG);
      assertThat(Pods.processes(id)).isEmpty();
    }
  }
}
