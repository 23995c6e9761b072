package dev.hearth.runtime.cgroup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import dev.hearth.runtime.cgroup.Layout.Mode;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LayoutTest {
  private final FileSystem disk = Jimfs.newFileSystem(Configuration.unix());

  @AfterEach
  void close() throws IOException {
    disk.close();
  }

  private Layout layout(String mountinfo) throws Exception {
    Path proc = Files.createDirectories(disk.getPath("/proc/self"));
    Files.writeString(proc.resolve("mountinfo"), mountinfo);
    return Layout.read(new PlainFiles(), disk.getPath("/proc"));
  }

  private void v2Root(String folder, String controllers) throws IOException {
    Path root = Files.createDirectories(disk.getPath(folder));
    Files.writeString(root.resolve("cgroup.controllers"), controllers + "\n");
  }

  @Test
  void readsAHybridHost() throws Exception {
    v2Root("/sys/fs/cgroup/unified", "");
    Layout layout =
        layout(
            """
            31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
            32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime shared:4 - cgroup cgroup rw,cpu,cpuacct
            35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
            36 31 0:33 / /sys/fs/cgroup/net rw,relatime - cgroup cgroup rw,net_cls,net_prio
            40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd
            41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
            """);
    assertThat(layout.mode()).isEqualTo(Mode.HYBRID);
    assertThat(layout.of(Controller.CPU)).isEqualTo(layout.of(Controller.CPUACCT));
    assertThat(layout.of(Controller.MEMORY).orElseThrow().root())
        .hasToString("/sys/fs/cgroup/memory");
    assertThat(layout.of(Controller.SYSTEMD)).isPresent();
    assertThat(layout.of(Controller.PIDS)).isEmpty();
    assertThat(layout.unified().orElseThrow().controllers()).isEmpty();
    assertThat(layout.hierarchies()).hasSize(4);
  }

  @Test
  void readsAUnifiedHost() throws Exception {
    v2Root("/sys/fs/cgroup", "cpuset cpu io memory hugetlb pids rdma misc");
    Layout layout =
        layout("30 23 0:26 / /sys/fs/cgroup rw shared:9 - cgroup2 cgroup2 rw,nsdelegate\n");
    assertThat(layout.mode()).isEqualTo(Mode.V2);
    assertThat(layout.unified().orElseThrow().controllers())
        .containsExactlyInAnyOrder(
            Controller.CPUSET,
            Controller.CPU,
            Controller.IO,
            Controller.MEMORY,
            Controller.HUGETLB,
            Controller.PIDS);
  }

  @Test
  void prefersTheUsualPlaceAndIgnoresPartsOfATree() throws Exception {
    Layout layout =
        layout(
            """
            50 23 0:32 / /odd\\040place/memory rw - cgroup cgroup rw,memory
            51 23 0:32 /pod1 /run/part rw - cgroup cgroup rw,memory
            52 23 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
            """);
    assertThat(layout.mode()).isEqualTo(Mode.V1);
    assertThat(layout.hierarchies())
        .extracting(Hierarchy::root)
        .hasToString("[/sys/fs/cgroup/memory]");
  }

  @Test
  void decodesSpacesInMountPoints() throws Exception {
    Layout layout = layout("50 23 0:32 / /odd\\040place rw - cgroup cgroup rw,memory\n");
    assertThat(layout.hierarchies().getFirst().root()).hasToString("/odd place");
  }

  @Test
  void saysWhatToDoWhenNothingIsMounted() {
    assertThatThrownBy(() -> layout("31 23 0:28 / / rw - ext4 /dev/vda rw\ngarbage\n"))
        .isInstanceOf(CgroupException.class)
        .hasMessageContaining("mount cgroup2");
  }

  @Test
  void readsTheLayoutOfThisHost() throws Exception {
    Layout real = Layout.read(new LinuxFiles(), Path.of("/proc"));
    assertThat(List.of(Mode.values())).contains(real.mode());
  }
}
