package dev.hearth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.linux.testing.NeedsRoot;
import dev.hearth.proto.cri.v1.ListPodSandboxRequest;
import dev.hearth.proto.cri.v1.PodSandboxState;
import dev.hearth.testing.DaemonHome;
import dev.hearth.testing.HearthDaemon;
import dev.hearth.testing.Leftovers;
import dev.hearth.testing.Pods;
import dev.hearth.testing.TestBed;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** More than one daemon on a machine. */
@NeedsRoot
class TwoDaemonsE2E {
  @RegisterExtension static final TestBed BED = new TestBed();

  @Test
  void twoDaemonsRunSideBySide() throws Exception {
    var other = DaemonHome.in(BED.folder().resolve("other"), BED.registry().host());
    try (HearthDaemon second = HearthDaemon.start(other)) {
      String here = BED.cri().runPod(Pods.pod("same-name", BED.home().logs()));
      String there = second.cri().runPod(Pods.pod("same-name", other.logs()));

      assertThat(pods(BED.daemon())).isEqualTo(1);
      assertThat(pods(second)).isEqualTo(1);
      assertThat(BED.cri().podStatus(here).getNetwork().getIp())
          .isNotEqualTo(second.cri().podStatus(there).getNetwork().getIp());
      BED.cri().removePod(here);
      assertThat(pods(second)).isEqualTo(1);
      second.cri().removePod(there);
      second.stop();
    } finally {
      Leftovers.sweep(other);
    }
  }

  @Test
  void aSecondDaemonOnOneRootSaysWhoHoldsItAndEnds() throws Exception {
    assertThat(BED.daemon().refusalOfAnother())
        .contains(BED.home().root().toString(), Long.toString(BED.daemon().pid()));
    assertThat(BED.cri().version()).startsWith("hearth");
  }

  @Test
  void aSecondDaemonOnOneStateOrOneSocketEndsAndHarmsNothing() throws Exception {
    String podId = BED.cri().runPod(Pods.pod("kept", BED.home().logs()));
    String other = BED.folder().resolve("another").toString();
    assertThat(BED.daemon().refusalOfAnother("--root", other))
        .contains(BED.home().state().toString(), Long.toString(BED.daemon().pid()));
    assertThat(
            BED.daemon()
                .refusalOfAnother(
                    "--root",
                    other,
                    "--state",
                    other + "-state",
                    "--socket",
                    BED.home().socket().toString()))
        .contains("another process serves on " + BED.home().socket());
    assertThat(BED.cri().podStatus(podId).getState()).isEqualTo(PodSandboxState.SANDBOX_READY);
    BED.cri().removePod(podId);
  }

  @Test
  void aSecondDaemonOnOneBridgeEndsAndHarmsNothing() throws Exception {
    String podId = BED.cri().runPod(Pods.pod("kept", BED.home().logs()));
    String other = BED.folder().resolve("third").toString();
    assertThat(
            BED.daemon()
                .refusalOfAnother(
                    "--root",
                    other,
                    "--state",
                    other + "-state",
                    "--socket",
                    other + "-state/hearth.sock"))
        .contains(
            "bridge "
                + BED.home().bridge()
                + " is in use by the hearthd with pid "
                + BED.daemon().pid());
    assertThat(BED.cri().podStatus(podId).getState()).isEqualTo(PodSandboxState.SANDBOX_READY);
    BED.cri().removePod(podId);
  }

  private static int pods(HearthDaemon daemon) {
    return daemon
        .cri()
        .runtime()
        .listPodSandbox(ListPodSandboxRequest.getDefaultInstance())
        .getItemsCount();
  }
}
