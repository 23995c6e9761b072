package dev.hearth.runtime.cri;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.proto.cri.v1.CpuUsage;
import dev.hearth.runtime.cgroup.Statistics;
import dev.hearth.runtime.cgroup.Statistics.Cpu;
import dev.hearth.runtime.cgroup.Statistics.Io;
import dev.hearth.runtime.cgroup.Statistics.Memory;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class StatsToCriTest {
  private static CpuUsage cpu(long usageNanos) {
    return StatsToCri.cpu(
        new Statistics(
            Instant.EPOCH,
            new Cpu(usageNanos, 0, 0, 0, 0, 0, Optional.empty()),
            new Memory(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, Optional.empty()),
            0,
            new Io(0, 0, 0, 0, Optional.empty()),
            Map.of()),
        OptionalLong.empty());
  }

  @Test
  void aUsageThatCouldNotBeReadIsLeftOut() {
    assertThat(cpu(Statistics.UNKNOWN).hasUsageCoreNanoSeconds()).isFalse();
    assertThat(cpu(0).getUsageCoreNanoSeconds().getValue()).isZero();
    assertThat(cpu(7).getUsageCoreNanoSeconds().getValue()).isEqualTo(7);
  }
}
