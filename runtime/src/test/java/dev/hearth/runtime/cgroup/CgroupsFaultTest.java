package dev.hearth.runtime.cgroup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Lets the first, second, … operation fail until none is left to fail. */
class CgroupsFaultTest {
  private static final CgroupPath GROUP = new CgroupPath("/hearth/pod/box");

  private static final Limits LIMITS =
      new Limits(50_000, 25_000, 512, 1 << 20, 2 << 20, 9, "0", "0", Map.of(), Map.of(), List.of());

  static Stream<Supplier<FakeKernel>> kernels() {
    return Stream.of(FakeKernel::v1, FakeKernel::hybrid, FakeKernel::v2);
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void leavesNothingWhenMakingFails(Supplier<FakeKernel> host) throws Exception {
    for (int n = 1; ; n++) {
      FakeKernel kernel = host.get();
      Set<Path> before = Set.copyOf(kernel.folders);
      kernel.failAt = n;
      try {
        kernel.cgroups().create(GROUP, LIMITS);
        assertThat(kernel.operations).isLessThan(n);
        return;
      } catch (CgroupException e) {
        assertThat(e).hasMessageContaining("injected");
        assertThat(kernel.folders).as("operation %d: %s", n, e.getMessage()).isEqualTo(before);
      }
      assertThat(kernel.cgroups().create(GROUP, LIMITS).exists()).isTrue();
    }
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void restoresEveryLimitWhenAnUpdateFails(Supplier<FakeKernel> host) throws Exception {
    Limits next =
        new Limits(
            60_000, 30_000, 256, 3 << 20, 4 << 20, 11, "1", "0", Map.of(), Map.of(), List.of());
    for (int n = 1; ; n++) {
      FakeKernel kernel = host.get();
      Cgroup group = kernel.cgroups().create(GROUP, LIMITS);
      Map<Path, String> before = Map.copyOf(kernel.files);
      kernel.operations = 0;
      kernel.failAt = n;
      try {
        group.update(next);
        assertThat(kernel.operations).isLessThan(n);
        return;
      } catch (CgroupException e) {
        assertThat(kernel.files).as("operation %d: %s", n, e.getMessage()).isEqualTo(before);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void finishesRemovalOnTheSecondAttempt(Supplier<FakeKernel> host) throws Exception {
    for (int n = 1; ; n++) {
      FakeKernel kernel = host.get();
      Cgroups cgroups = kernel.cgroups();
      Cgroup group = cgroups.create(GROUP, Limits.NONE);
      cgroups.create(GROUP.child("inner"), Limits.NONE);
      kernel.operations = 0;
      kernel.failAt = n;
      boolean failed = false;
      try {
        group.remove(Duration.ofSeconds(1));
      } catch (CgroupException e) {
        failed = true;
      }
      if (!failed) {
        assertThat(kernel.operations).isLessThan(n);
        return;
      }
      group.remove(Duration.ofSeconds(1));
      assertThat(group.exists()).isFalse();
      if (n > 1000) {
        fail("never done");
      }
    }
  }
}
