package dev.hearth.runtime.nri;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.proto.nri.v1alpha1.ContainerUpdate;
import dev.hearth.proto.nri.v1alpha1.LinuxCPU;
import dev.hearth.proto.nri.v1alpha1.LinuxContainerUpdate;
import dev.hearth.proto.nri.v1alpha1.LinuxMemory;
import dev.hearth.proto.nri.v1alpha1.LinuxResources;
import dev.hearth.proto.nri.v1alpha1.OptionalInt64;
import dev.hearth.proto.nri.v1alpha1.OptionalUInt64;
import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.model.Resources;
import java.util.List;
import org.junit.jupiter.api.Test;

class UpdateMergeTest {
  private static final PluginName FIRST = new PluginName("10", "first");
  private static final PluginName SECOND = new PluginName("20", "second");

  private final UpdateMerge merge = new UpdateMerge(new Owners());

  private static ContainerUpdate shares(String container, long shares, boolean mayFail) {
    return ContainerUpdate.newBuilder()
        .setContainerId(container)
        .setIgnoreFailure(mayFail)
        .setLinux(
            LinuxContainerUpdate.newBuilder()
                .setResources(
                    LinuxResources.newBuilder()
                        .setCpu(
                            LinuxCPU.newBuilder()
                                .setShares(OptionalUInt64.newBuilder().setValue(shares)))))
        .build();
  }

  @Test
  void wishesForOneContainerAreLaidOverItsChange() {
    merge.begin(
        "c",
        LinuxResources.newBuilder()
            .setMemory(
                LinuxMemory.newBuilder().setLimit(OptionalInt64.newBuilder().setValue(1 << 20)))
            .build());
    merge.add(FIRST, List.of(shares("c", 100, false), shares("d", 200, false)));

    assertThat(merge.of("c").getMemory().getLimit().getValue()).isEqualTo(1 << 20);
    assertThat(merge.of("c").getCpu().getShares().getValue()).isEqualTo(100);
    assertThat(merge.others("c")).extracting(ContainerUpdate::getContainerId).containsExactly("d");
  }

  @Test
  void twoThatWantOneLimitDifferentlyAreRefused() {
    merge.add(FIRST, List.of(shares("d", 100, false)));

    assertThatThrownBy(() -> merge.add(SECOND, List.of(shares("d", 200, false))))
        .isInstanceOf(HearthException.WrongState.class)
        .hasMessageContaining("10-first and 20-second both change CPUShares of container d");
  }

  @Test
  void aWishThatMayFailGivesWay() {
    merge.add(FIRST, List.of(shares("d", 100, false)));
    merge.add(SECOND, List.of(shares("d", 200, true)));

    assertThat(merge.of("d").getCpu().getShares().getValue()).isEqualTo(100);
    assertThat(merge.all().getFirst().getIgnoreFailure()).isFalse();
  }

  @Test
  void limitsAreTheSameThereAndBack() {
    Resources limits =
        new Resources(
            100_000,
            50_000,
            512,
            1 << 30,
            -1,
            0,
            "0-1",
            "0",
            java.util.Map.of("2MB", 4L << 20),
            java.util.Map.of("memory.high", "1000"),
            77);

    assertThat(Limiting.wanted(Limiting.shown(limits), "nobody")).isEqualTo(limits);
    assertThat(Limiting.shown(Resources.NONE).getCpu()).isEqualTo(LinuxCPU.getDefaultInstance());
  }

  @Test
  void aLimitThatHearthDoesNotSetIsRefusedByName() {
    LinuxResources wanted =
        LinuxResources.newBuilder()
            .setMemory(
                LinuxMemory.newBuilder().setSwappiness(OptionalUInt64.newBuilder().setValue(10)))
            .build();

    assertThatThrownBy(() -> Limiting.wanted(wanted, "plugin x"))
        .isInstanceOf(HearthException.Unsupported.class)
        .hasMessageContaining("memory.swappiness");
  }
}
