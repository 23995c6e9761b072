package dev.hearth.bench;

import dev.hearth.config.LogLevel;
import dev.hearth.testing.DaemonHome;
import dev.hearth.testing.Folders;
import dev.hearth.testing.HearthDaemon;
import dev.hearth.testing.LoopbackRegistry;
import dev.hearth.testing.TestImage;
import dev.hearth.testing.TestImage.Format;
import dev.hearth.testing.TestImages;
import dev.hearth.testing.TestLayer.Compression;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The place where contenders meet: the same disk and the same tmpfs for all, one registry with
 * their images. The disk is ext4 with a journal on a loop device, so that the machine's own root
 * file system, whatever it is, has no say.
 *
 * <p>{@code ./dev bench} starts this program in mount and network namespaces of its own, so mounts
 * and devices vanish with it however it ends.
 */
final class Site implements AutoCloseable {
  private static final int NUMBER = 0x1ffe;

  private final Path folder;
  private final Path disk;
  private final Path run;
  private final LoopbackRegistry registry;
  private final TestImages images;

  Site(Path folder) throws IOException {
    this.folder = folder;
    Folders.remove(folder);
    disk = Files.createDirectories(folder.resolve("disk"));
    run = Files.createDirectories(folder.resolve("run"));
    Path file = folder.resolve("disk.img");
    Processes.run("truncate", "--size=12G", file.toString());
    Processes.run("mkfs.ext4", "-q", file.toString());
    Processes.run("mount", "-o", "loop", file.toString(), disk.toString());
    Processes.run("mount", "-t", "tmpfs", "-o", "size=1G", "bench", run.toString());
    registry = LoopbackRegistry.start(folder.resolve("registry"));
    images = new TestImages(folder.resolve("images"));
  }

  /** A folder that containers may share with the benchmark. */
  Path shared() throws IOException {
    return Files.createDirectories(run.resolve("shared"));
  }

  Path logs() throws IOException {
    return Files.createDirectories(run.resolve("logs"));
  }

  /** The image whose containers do the small things. */
  String busybox() throws IOException {
    return registry.push("bench/busybox:1", images.busybox(Format.DOCKER, Compression.GZIP));
  }

  String push(String name, TestImage image) throws IOException {
    return registry.push(name, image);
  }

  TestImages images() {
    return images;
  }

  /** Who is to be measured. */
  enum Party {
    ALL,
    PEERS,
    HEARTH
  }

  /** Starts containerd, which counts twice, with runc and with crun, and Hearth. */
  Contenders contenders(Party party) throws IOException {
    List<ContainerdContender> containerd =
        party == Party.HEARTH ? List.of() : List.of(containerd());
    try {
      return new Contenders(containerd, party == Party.PEERS ? List.of() : List.of(hearth()));
    } catch (IOException | AssertionError e) {
      for (ContainerdContender started : containerd) {
        started.close();
      }
      throw e;
    }
  }

  private ContainerdContender containerd() throws IOException {
    String pause = registry.push("bench/pause:1", pause());
    return new ContainerdContender(disk.resolve("containerd"), run.resolve("containerd"), pause);
  }

  private HearthContender hearth() throws IOException {
    Path home = Files.createDirectories(disk.resolve("hearth"));
    Path state = Files.createDirectories(home.resolve("state"));
    Processes.run("mount", "-t", "tmpfs", "bench", state.toString());
    return new HearthContender(
        new DaemonHome(home, NUMBER, List.of(registry.host()), LogLevel.INFO));
  }

  /** The program in which a sandbox of containerd waits; every cluster has one like it. */
  private TestImage pause() throws IOException {
    Path source = folder.resolve("pause.c");
    Path program = folder.resolve("pause");
    Files.writeString(source, "#include <unistd.h>\nint main(void) { for (;;) pause(); }\n");
    Processes.run("musl-gcc", "-static", "-Os", "-s", "-o", program.toString(), source.toString());
    byte[] bytes = Files.readAllBytes(program);
    return images.image(
        Format.DOCKER,
        TestImages.running("/pause"),
        List.of(images.layer(Compression.GZIP, tar -> tar.file("pause", 0755, bytes))));
  }

  /** A bundle for runtimes that are given one; its configuration is the caller's. */
  Path bundle() throws IOException {
    Path bundle = Files.createDirectories(disk.resolve("bare"));
    Path rootfs = bundle.resolve("rootfs");
    for (String name : List.of("bin", "proc", "dev", "sys", "tmp")) {
      Files.createDirectories(rootfs.resolve(name));
    }
    Files.copy(Path.of("/bin/busybox"), rootfs.resolve("bin/busybox"));
    Files.createSymbolicLink(rootfs.resolve("bin/true"), Path.of("busybox"));
    return bundle;
  }

  Path bareState() throws IOException {
    return Files.createDirectories(run.resolve("bare"));
  }

  /** The contenders, as long as the site is open; either may be absent. */
  record Contenders(List<ContainerdContender> containerd, List<HearthContender> hearth)
      implements AutoCloseable {
    List<CriContender> all() {
      var all = new ArrayList<CriContender>(hearth);
      containerd.forEach(each -> all.addAll(each.contenders()));
      return all;
    }

    /** One for each daemon. */
    List<CriContender> daemons() {
      var daemons = new ArrayList<CriContender>(hearth);
      containerd.forEach(each -> daemons.add(each.contenders().getFirst()));
      return daemons;
    }

    @Override
    public void close() throws IOException {
      try {
        for (HearthContender each : hearth) {
          each.close();
        }
      } finally {
        for (ContainerdContender each : containerd) {
          each.close();
        }
      }
    }
  }

  @Override
  public void close() throws IOException {
    registry.close();
    Processes.run("umount", "--lazy", run.toString());
    Processes.run("umount", "--lazy", disk.toString());
    Folders.remove(folder);
  }

  /** A site of this checkout's own. */
  static Path defaultFolder() {
    return Path.of("/var/tmp/hearth-bench-%04x".formatted(HearthDaemon.tree().hashCode() & 0xffff));
  }
}
