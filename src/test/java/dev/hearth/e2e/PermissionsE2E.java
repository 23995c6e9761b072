package dev.hearth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.linux.testing.NeedsRoot;
import dev.hearth.proto.cri.v1.ContainerConfig;
import dev.hearth.proto.cri.v1.PodSandboxConfig;
import dev.hearth.testing.Pods;
import dev.hearth.testing.TestBed;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What another user of the node may open of the daemon's. */
@NeedsRoot
class PermissionsE2E {
  @RegisterExtension static final TestBed BED = new TestBed();

  @Test
  void othersReachNoRecordAndNoSocket() throws IOException {
    PodSandboxConfig pod = Pods.pod("secrets", BED.home().logs());
    String podId = BED.cri().runPod(pod);
    ContainerConfig container = Pods.container("main", BED.busybox(), "sleep", "1000");
    String id = BED.cri().create(podId, pod, container);
    BED.cri().start(id);

    List<Path> sockets = new ArrayList<>();
    List<Path> records = new ArrayList<>();
    try (Stream<Path> state = Files.walk(BED.home().state());
        Stream<Path> root = Files.walk(BED.home().root().resolve("records"))) {
      state.filter(PermissionsE2E::isSocket).forEach(sockets::add);
      root.filter(Files::isRegularFile).forEach(records::add);
    }
    assertThat(sockets)
        .contains(BED.home().socket())
        .hasSizeGreaterThan(1)
        .allSatisfy(socket ->
            assertThat(Files.getPosixFilePermissions(socket))
                .doesNotContain(PosixFilePermission.GROUP_WRITE, PosixFilePermission.OTHERS_WRITE));
    assertThat(records)
        .anySatisfy(record -> assertThat(record.getFileName().toString()).contains(id))
        .noneMatch(PermissionsE2E::othersReach);
    BED.cri().removePod(podId);
  }

  private static boolean isSocket(Path path) {
    try {
      return (((int) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS)) & 0170000)
          == 0140000;
    } catch (IOException e) {
      return false; // it has just gone
    }
  }

  /** Whether every folder above may be passed by others, and the file read. */
  private static boolean othersReach(Path file) {
    try {
      Set<PosixFilePermission> own = Files.getPosixFilePermissions(file);
      boolean reached = own.contains(PosixFilePermission.OTHERS_READ);
      Path folder = BED.folder();
      for (Path name : folder.relativize(file.getParent())) {
        folder = folder.resolve(name);
        reached &=
            Files.getPosixFilePermissions(folder).contains(PosixFilePermission.OTHERS_EXECUTE);
      }
      return reached;
    } catch (IOException e) {
      return false; // it has just gone
    }
  }
}
