package dev.hearth.runtime.cgroup;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.runtime.cgroup.Details.DeviceIo;
import org.junit.jupiter.api.Test;

/** Where the figures of metrics come from, on either kind of host. */
final class DetailsTest {
  private static final CgroupPath GROUP = new CgroupPath("/hearth/pod/box");

  private static Cgroup group(FakeKernel kernel) throws CgroupException {
    return kernel.cgroups().create(GROUP, Limits.NONE);
  }

  private static void write(FakeKernel kernel, Controller controller, String name, String value) {
    kernel.files.put(kernel.file(controller, GROUP.value(), name), value);
  }

  @Test
  void readsTheFilesOfV2() throws Exception {
    FakeKernel kernel = FakeKernel.v2();
    Cgroup group = group(kernel);
    write(kernel, Controller.MEMORY, "memory.peak", "4096");
    write(kernel, Controller.MEMORY, "memory.events", "low 0\nhigh 0\nmax 7\noom 2\noom_kill 1");
    write(kernel, Controller.PIDS, "pids.max", "100");
    write(
        kernel,
        Controller.IO,
        "io.stat",
        "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0\n253:1 rbytes=5 wbytes=0 rios=6");

    Details details = group.details();

    assertThat(details.memoryPeak()).isEqualTo(4096);
    assertThat(details.memoryFailures()).isEqualTo(7);
    assertThat(details.oomKills()).isEqualTo(1);
    assertThat(details.tasksLimit()).isEqualTo(100);
    assertThat(details.devices())
        .containsExactly(new DeviceIo("8:0", 1, 2, 3, 4), new DeviceIo("253:1", 5, 0, 6, 0));
    assertThat(details.hugepagePeaks()).isEmpty();
  }

  @Test
  void readsTheFilesOfV1() throws Exception {
    FakeKernel kernel = FakeKernel.v1();
    Cgroup group = group(kernel);
    write(kernel, Controller.MEMORY, "memory.max_usage_in_bytes", "8192");
    write(kernel, Controller.MEMORY, "memory.failcnt", "3");
    write(
        kernel,
        Controller.MEMORY,
        "memory.oom_control",
        "oom_kill_disable 0\nunder_oom 0\noom_kill 5");

    Details details = group.details();

    assertThat(details.memoryPeak()).isEqualTo(8192);
    assertThat(details.memoryFailures()).isEqualTo(3);
    assertThat(details.oomKills()).isEqualTo(5);
    assertThat(details.tasksLimit()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void joinsTheFilesOfV1ThatTellOfDevices() {
    assertThat(
            DetailsReader.v1Devices(
                "8:0 Read 10\n8:0 Write 20\n8:0 Sync 30\n253:1 Read 7\nTotal 37",
                "8:0 Read 1\n8:0 Write 2\nTotal 3"))
        .containsExactly(new DeviceIo("253:1", 7, 0, 0, 0), new DeviceIo("8:0", 10, 20, 1, 2));
  }

  @Test
  void ofAGroupThatIsGoneNothingIsKnown() {
    for (FakeKernel kernel : new FakeKernel[] {FakeKernel.v1(), FakeKernel.v2()}) {
      Details details = kernel.cgroups().at(GROUP).details();

      assertThat(details.memoryPeak()).isEqualTo(Statistics.UNKNOWN);
      assertThat(details.oomKills()).isEqualTo(Statistics.UNKNOWN);
      assertThat(details.devices()).isEmpty();
      assertThat(kernel.openFiles).isZero();
    }
  }
}
