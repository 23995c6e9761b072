package dev.hearth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.linux.testing.NeedsRoot;
import dev.hearth.proto.cri.v1.RuntimeCondition;
import dev.hearth.proto.cri.v1.StatusRequest;
import dev.hearth.testing.TestBed;
import dev.hearth.testing.TestPod;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A daemon that connects pods with nobody. */
@NeedsRoot
class NetworkModeE2E {
  @RegisterExtension static final TestBed BED = new TestBed();

  @Test
  void withoutANetworkAPodHasALoopbackDeviceAndNothingElse() throws Exception {
    Path file = BED.home().configuration();
    String configuration = Files.readString(file);
    BED.daemon().stop();
    Files.writeString(file, configuration.replace("mode = \"bridge\"", "mode = \"none\""));
    BED.daemon().startAgain();
    try {
      assertThat(
              BED.cri()
                  .runtime()
                  .status(StatusRequest.getDefaultInstance())
                  .getStatus()
                  .getConditionsList())
          .allMatch(RuntimeCondition::getStatus);
      try (TestPod pod = TestPod.of(BED, "alone", _ -> {})) {
        assertThat(BED.cri().podStatus(pod.id()).getNetwork().getIp()).isEmpty();
        assertThat(pod.output("look", "ip -o address; cat /proc/net/dev", _ -> {}))
            .anyMatch(line -> line.contains("127.0.0.1"))
            .noneMatch(line -> line.contains("eth0"));
      }
    } finally {
      BED.daemon().stop();
      Files.writeString(file, configuration);
      BED.daemon().startAgain();
    }
  }
}
