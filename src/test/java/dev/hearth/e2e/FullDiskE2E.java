package dev.hearth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.linux.MountFlag;
import dev.hearth.linux.Mounts;
import dev.hearth.linux.UnmountFlag;
import dev.hearth.linux.testing.NeedsRoot;
import dev.hearth.proto.cri.v1.ContainerState;
import dev.hearth.proto.cri.v1.PodSandboxConfig;
import dev.hearth.proto.cri.v1.PodSandboxState;
import dev.hearth.testing.Await;
import dev.hearth.testing.Cri;
import dev.hearth.testing.DaemonHome;
import dev.hearth.testing.Folders;
import dev.hearth.testing.HearthDaemon;
import dev.hearth.testing.Leftovers;
import dev.hearth.testing.Pods;
import dev.hearth.testing.TestBed;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A node whose disk is full to the last byte: what ends is seen to end, and can be removed. */
@NeedsRoot
class FullDiskE2E {
  @RegisterExtension static final TestBed BED = new TestBed();

  private static final Duration LIMIT = Duration.ofSeconds(30);

  /** A daemon of its own whose root is a small disk. */
  private static final class Node implements AutoCloseable {
    private final DaemonHome home;
    private final HearthDaemon daemon;

    Node(String name) throws IOException {
      home = DaemonHome.in(BED.folder().resolve(name), BED.registry().host());
      Files.createDirectories(home.root());
      Mounts.mount("small", home.root(), "tmpfs", EnumSet.noneOf(MountFlag.class), "size=64m");
      try {
        daemon = HearthDaemon.start(home);
      } catch (IOException | AssertionError e) {
        Mounts.unmount(home.root(), EnumSet.of(UnmountFlag.DETACH));
        throw e;
      }
      cri().pull(BED.busybox());
    }

    Cri cri() {
      return daemon.cri();
    }

    Path fill() throws IOException {
      Path filler = home.root().resolve("filler");
      try (OutputStream out = Files.newOutputStream(filler)) {
        byte[] block = new byte[4096];
        while (true) {
          out.write(block);
        }
      } catch (IOException full) {
        assertThat(full).hasMessageContaining("No space left");
        return filler;
      }
    }

    @Override
    public void close() throws IOException {
      daemon.close();
      Leftovers.end(home);
      Folders.remove(home.folder());
    }
  }

  private record Running(Node node, String podId, String id, long pid) {
    static Running of(Node node, String name, String script) {
      PodSandboxConfig pod = Pods.pod(name, node.home.logs());
      String podId = node.cri().runPod(pod);
      String id =
          node.cri().create(podId, pod, Pods.container("main", BED.busybox(), "sh", "-c", script));
      node.cri().start(id);
      return new Running(node, podId, id, Pods.pid(node.cri(), id));
    }

    void awaitEnd(int exitCode) {
      Await.until(
          "the container's end to show",
          LIMIT,
          () -> node.cri().status(id).getState() == ContainerState.CONTAINER_EXITED);
      assertThat(node.cri().status(id).getExitCode()).isEqualTo(exitCode);
    }

    void signal(String name) throws IOException, InterruptedException {
      assertThat(new ProcessBuilder("kill", "-" + name, Long.toString(pid)).start().waitFor())
          .isZero();
    }
  }

  private static final String ENDS_WITH_7 = "trap 'exit 7' USR1; while :; do usleep 10000; done";

  @Test
  void anEndShowsAndIsRecordedWhenThereIsRoomAgain() throws Exception {
    try (Node node = new Node("shows")) {
      Running ends = Running.of(node, "ends", ENDS_WITH_7);
      Path filler = node.fill();
      ends.signal("USR1");
      ends.awaitEnd(7);
      node.cri().stop(ends.id(), Duration.ofSeconds(1));

      Files.delete(filler);
      Path record = node.home.root().resolve("records/containers").resolve(ends.id());
      Await.until("the end to be recorded", LIMIT, () -> text(record).contains("\"Error\""));
      node.cri().removePod(ends.podId());
    }
  }

  @Test
  void whatFillsTheDiskCanBeRemovedAlsoByTheNextDaemon() throws Exception {
    try (Node node = new Node("removed")) {
      Running ends = Running.of(node, "ends", ENDS_WITH_7);
      Running stays = Running.of(node, "stays", "exec sleep 1000");
      Running fills = Running.of(node, "fills", "dd if=/dev/zero of=/big bs=4k; exec sleep 1000");
      Await.until(
          "the disk to be full", LIMIT, () -> node.home.root().toFile().getUsableSpace() == 0);

      node.daemon.kill();
      ends.signal("USR1");
      Await.until("the end", LIMIT, () -> !Files.exists(Pods.processFolder(ends.pid())));
      node.daemon.startAgain();
      ends.awaitEnd(7);
      assertThat(node.cri().status(stays.id()).getState())
          .isEqualTo(ContainerState.CONTAINER_RUNNING);

      node.cri().stopPod(stays.podId());
      assertThat(node.cri().podStatus(stays.podId()).getState())
          .isEqualTo(PodSandboxState.SANDBOX_NOTREADY);
      node.fill();
      node.cri().removePod(stays.podId());
      node.cri().remove(ends.id());
      node.cri().removePod(ends.podId());
      Files.delete(node.home.root().resolve("filler"));
      node.cri().removePod(fills.podId());
      Running next = Running.of(node, "next", "exec sleep 1000");
      node.cri().removePod(next.podId());
    }
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return "";
    }
  }
}
