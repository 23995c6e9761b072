package dev.hearth.runtime.network;

import static dev.hearth.runtime.network.NodeOnTrial.run;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.linux.BlockingCalls;
import dev.hearth.linux.Namespace;
import dev.hearth.linux.Namespaces;
import dev.hearth.linux.testing.NeedsRoot;
import dev.hearth.runtime.network.netlink.NetlinkSockets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@NeedsRoot
class PodNamespacesIT {
  private static final Set<Namespace> ALL =
      EnumSet.of(Namespace.NETWORK, Namespace.IPC, Namespace.UTS);

  @TempDir Path directory;
  private final BlockingCalls blocking = new BlockingCalls(2);
  private final PodNamespaces namespaces =
      new PodNamespaces(NetlinkSockets.KERNEL, PreparedNamespaces.NONE, blocking);

  @AfterEach
  void remove() throws Exception {
    namespaces.remove(directory.resolve("pod"));
    blocking.close();
  }

  private Path create(Set<Namespace> kinds, String hostName, Map<String, String> sysctls)
      throws Exception {
    Path state = directory.resolve("pod");
    namespaces.create(state, new PodNamespaces.Request(kinds, hostName, sysctls));
    return state;
  }

  private static String inside(Path state, String... command) throws Exception {
    List<String> line = new ArrayList<>(List.of("nsenter"));
    line.add("--net=" + PodNamespaces.pin(state, Namespace.NETWORK));
    line.add("--ipc=" + PodNamespaces.pin(state, Namespace.IPC));
    line.add("--uts=" + PodNamespaces.pin(state, Namespace.UTS));
    line.addAll(List.of(command));
    Process process = new ProcessBuilder(line).redirectErrorStream(true).start();
    return new String(
            process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8)
        .strip();
  }

  @Test
  void namespacesHaveTheirHostNameSysctlsAndLoopback() throws Exception {
    Path state =
        create(
            ALL,
            "pod-one",
            Map.of(
                "net.ipv4.ip_unprivileged_port_start", "80",
                "kernel.shm_rmid_forced", "1",
                "kernel/msgmax", "4096",
                "fs.mqueue.msg_max", "20",
                "net.ipv4.conf.lo.rp_filter", "2"));

    assertThat(inside(state, "hostname")).isEqualTo("pod-one");
    assertThat(inside(state, "cat", "/proc/sys/net/ipv4/ip_unprivileged_port_start"))
        .isEqualTo("80");
    assertThat(inside(state, "cat", "/proc/sys/kernel/shm_rmid_forced")).isEqualTo("1");
    assertThat(inside(state, "cat", "/proc/sys/kernel/msgmax")).isEqualTo("4096");
    assertThat(inside(state, "cat", "/proc/sys/fs/mqueue/msg_max")).isEqualTo("20");
    assertThat(inside(state, "cat", "/proc/sys/net/ipv4/conf/lo/rp_filter")).isEqualTo("2");
    assertThat(inside(state, "busybox", "ping", "-c", "1", "-W", "1", "127.0.0.1"))
        .contains("0% packet loss");
    assertThat(PodNamespaces.present(state)).isEqualTo(ALL);
  }

  @Test
  void onlyWhatIsAskedForIsNew() throws Exception {
    Path state = create(EnumSet.of(Namespace.IPC), "", Map.of());

    assertThat(PodNamespaces.present(state)).containsExactly(Namespace.IPC);
  }

  @Test
  void nothingAskedForMakesNothing() throws Exception {
    Path state = create(Set.of(), "", Map.of());

    assertThat(state.resolve("ns")).doesNotExist();
  }

  @Test
  void creatingAgainReplacesWhatAnEarlierAttemptLeft() throws Exception {
    Path state = directory.resolve("pod");
    Files.createDirectories(state.resolve("ns"));
    Files.createFile(PodNamespaces.pin(state, Namespace.UTS));
    create(ALL, "first", Map.of());
    create(ALL, "second", Map.of());

    assertThat(inside(state, "hostname")).isEqualTo("second");
  }

  @Test
  void sysctlsThatWouldChangeTheHostAreRefused() {
    for (String name :
        List.of(
            "vm.swappiness",
            "kernel.panic",
            "fs.file-max",
            "net.core.somaxconn",
            "kernel.msgmax",
            "net/../kernel/panic")) {
      assertThatThrownBy(() -> create(EnumSet.of(Namespace.UTS), "", Map.of(name, "1")))
          .as(name)
          .isInstanceOf(NetworkException.Invalid.class)
          .hasMessageContaining(name);
    }
    assertThatThrownBy(() -> create(ALL, "", Map.of("net/../kernel/panic", "1")))
        .isInstanceOf(NetworkException.Invalid.class);
  }

  @Test
  void failureSaysWhyAndLeavesNothing() {
    Path state = directory.resolve("pod");

    assertThatThrownBy(() -> create(ALL, "", Map.of("net.ipv4.no_such_setting", "1")))
        .isInstanceOf(NetworkException.Invalid.class)
        .hasMessageContaining("no_such_setting");
    assertThat(state.resolve("ns")).doesNotExist();

    assertThatThrownBy(() -> create(ALL, "x".repeat(65), Map.of()))
        .isInstanceOf(NetworkException.Refused.class)
        .hasMessageContaining("set host name");
    assertThat(state.resolve("ns")).doesNotExist();
  }

  @Test
  void removalIsIdempotentAndTakesPartialCreations() throws Exception {
    Path state = create(ALL, "", Map.of());
    Namespaces.unpin(PodNamespaces.pin(state, Namespace.IPC));

    namespaces.remove(state);
    namespaces.remove(state);

    assertThat(state.resolve("ns")).doesNotExist();
    assertThat(PodNamespaces.present(state)).isEmpty();
  }

  @Test
  void pinsThatAReebotEmptiedDoNotCountAndAreRemoved() throws Exception {
    Path state = directory.resolve("pod");
    Files.createDirectories(state.resolve("ns"));
    Files.createFile(PodNamespaces.pin(state, Namespace.NETWORK));

    assertThat(PodNamespaces.present(state)).isEmpty();
    namespaces.remove(state);
    assertThat(state.resolve("ns")).doesNotExist();
  }

  @Test
  void thisThreadStaysWhereItWas() throws Exception {
    String before = run(Path.of("/proc/self/ns/net"), "hostname").output();
    create(ALL, "pod-one", Map.of());

    assertThat(run(Path.of("/proc/self/ns/net"), "hostname").output()).isEqualTo(before);
  }
}
