package dev.hearth.runtime.network;

import static dev.hearth.runtime.network.NodeOnTrial.awaitTeardown;
import static dev.hearth.runtime.network.NodeOnTrial.pod;
import static dev.hearth.runtime.network.NodeOnTrial.run;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.linux.testing.NeedsRoot;
import dev.hearth.runtime.model.PortMapping;
import dev.hearth.runtime.model.PortMapping.Protocol;
import dev.hearth.runtime.network.FailingSockets.Manner;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Each call into the kernel fails in turn: nothing leaks, and a repeat succeeds. */
@NeedsRoot
class BuiltInNetworkFaultIT {
  private static final int MORE_THAN_ENOUGH = 100;
  private static final PodNetworkRequest REQUEST =
      new PodNetworkRequest(
          List.of(
              new PortMapping(Protocol.TCP, 80, 8080, ""),
              new PortMapping(Protocol.UDP, 53, 53, "192.0.2.1")));

  @TempDir Path directory;
  private NodeOnTrial node;

  @BeforeEach
  void build() throws Exception {
    node = new NodeOnTrial(directory);
  }

  @AfterEach
  void tearDown() throws Exception {
    node.close();
  }

  private BuiltInNetwork open(FailingSockets sockets) throws NetworkException {
    return node.network(sockets, 0, "hearth0", "10.9.0.0/24", "fd00:9::/64");
  }

  private void assertNothingLeft() throws Exception {
    assertThat(node.hostLinks()).containsExactly("lo", "uplink", "hearth0");
    try (var leases = Files.list(directory.resolve("leases-hearth0/leases"))) {
      assertThat(leases).isEmpty();
    }
    String rules = run(node.host, "nft", "list", "ruleset").output();
    assertThat(rules).contains("hearth0").doesNotContain("elements");
  }

  private interface Trial {
    /** Answers whether it got through without the failure. */
    boolean run(int failing) throws Exception;
  }

  private static void untilSuccess(Trial trial) throws Exception {
    for (int n = 1; n < MORE_THAN_ENOUGH; n++) {
      if (trial.run(n)) {
        assertThat(n).as("calls that could fail").isGreaterThan(3);
        return;
      }
    }
    throw new AssertionError("still failing after " + MORE_THAN_ENOUGH);
  }

  private static boolean attach(BuiltInNetwork network, Path netns) {
    try {
      network.attach(pod(1), netns, REQUEST);
      return true;
    } catch (NetworkException e) {
      assertThat(e).hasMessageContaining("on trial");
      return false;
    }
  }

  @ParameterizedTest
  @EnumSource
  void failedAttachIsUndoneInTheBackground(Manner manner) throws Exception {
    FailingSockets sockets = new FailingSockets(manner);
    try (BuiltInNetwork network = open(sockets)) {
      network.reconcile(Map.of());
      untilSuccess(n -> {
        Path netns = node.netns("pod");
        sockets.failAt(n);
        boolean attached = attach(network, netns);
        boolean through = sockets.armed();
        sockets.failAt(0);
        if (attached) {
          network.check(pod(1), netns);
          network.detach(pod(1), Optional.of(netns));
        }
        awaitTeardown(network);
        assertNothingLeft();
        return through;
      });
    }
  }

  @ParameterizedTest
  @EnumSource
  void failedAttachCanBeRepeatedAtOnce(Manner manner) throws Exception {
    FailingSockets sockets = new FailingSockets(manner);
    try (BuiltInNetwork network = open(sockets)) {
      network.reconcile(Map.of());
      untilSuccess(n -> {
        Path netns = node.netns("pod");
        sockets.failAt(n);
        boolean through = attach(network, netns) && sockets.armed();
        sockets.failAt(0);

        network.attach(pod(1), netns, REQUEST);

        network.check(pod(1), netns);
        network.detach(pod(1), Optional.of(netns));
        awaitTeardown(network);
        assertNothingLeft();
        return through;
      });
    }
  }

  @ParameterizedTest
  @EnumSource
  void abandonedAttachIsTakenAwayByTheNextDaemon(Manner manner) throws Exception {
    untilSuccess(n -> {
      FailingSockets sockets = new FailingSockets(manner);
      Path netns = node.netns("pod");
      try (BuiltInNetwork dying = open(sockets)) {
        dying.reconcile(Map.of());
        sockets.dieAt(n);
        attach(dying, netns);
      }
      boolean through = sockets.armed();

      try (BuiltInNetwork next = open(new FailingSockets(manner))) {
        next.reconcile(Map.of());
        awaitTeardown(next);
        assertNothingLeft();
        next.attach(pod(1), netns, REQUEST);
        next.check(pod(1), netns);
        next.detach(pod(1), Optional.empty());
        awaitTeardown(next);
      }
      return through;
    });
  }

  @ParameterizedTest
  @EnumSource
  void failedTeardownIsShownAndRepeatedUntilNothingIsLeft(Manner manner) throws Exception {
    FailingSockets sockets = new FailingSockets(manner);
    try (BuiltInNetwork network = open(sockets)) {
      network.reconcile(Map.of());
      untilSuccess(n -> {
        Path netns = node.netns("pod");
        network.attach(pod(1), netns, REQUEST);
        sockets.failAt(n);
        network.detach(pod(1), Optional.of(netns));
        awaitTeardown(network);
        boolean through = sockets.armed();
        sockets.failAt(0);
        assertNothingLeft();
        return through;
      });
    }
  }

  @Test
  void aLookAtOthersTablesThatFailsIsOnlyAWarning() throws Exception {
    FailingSockets sockets = new FailingSockets(Manner.LOST);
    try (BuiltInNetwork network = open(sockets)) {
      network.reconcile(Map.of());
      List<NetworkStatus> failed = new ArrayList<>();
      untilSuccess(n -> {
        sockets.failAt(n);
        NetworkStatus status = network.status();
        boolean through = sockets.armed();
        sockets.failAt(0);
        if (!through) {
          failed.add(status);
        }
        return through;
      });
      // The tables of others are looked at last.
      assertThat(failed.getLast())
          .isInstanceOfSatisfying(
              NetworkStatus.Ready.class,
              ready ->
                  assertThat(ready.warnings()).anyMatch(warning -> warning.contains("on trial")));
    }
  }

  @ParameterizedTest
  @EnumSource
  void failedReconciliationCanBeRepeated(Manner manner) throws Exception {
    untilSuccess(n -> {
      FailingSockets sockets = new FailingSockets(manner);
      Path live = node.netns("live");
      Path gone = node.netns("gone");
      try (BuiltInNetwork before = open(new FailingSockets(manner))) {
        before.attach(pod(1), live, REQUEST);
        before.attach(pod(2), gone, PodNetworkRequest.PLAIN);
      }
      try (BuiltInNetwork network = open(sockets)) {
        sockets.failAt(n);
        try {
          network.reconcile(Map.of(pod(1), live));
        } catch (NetworkException e) {
          assertThat(e).hasMessageContaining("on trial");
        }
        awaitTeardown(network);
        boolean through = sockets.armed();
        sockets.failAt(0);

        network.reconcile(Map.of(pod(1), live));

        awaitTeardown(network);
        network.check(pod(1), live);
        network.detach(pod(1), Optional.empty());
        awaitTeardown(network);
        assertNothingLeft();
        return through;
      }
    });
  }
}
