package dev.hearth.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.linux.testing.NeedsRoot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@NeedsRoot
final class NamespacesIT {
  private static final Set<Namespace> POD =
      EnumSet.of(Namespace.NETWORK, Namespace.IPC, Namespace.UTS);

  @TempDir Path folder;

  @Test
  void pinsNewNamespacesAndJoinsThem() throws Exception {
    Path net = folder.resolve("net");
    Path uts = folder.resolve("uts");
    String before = SmallFiles.read(Path.of("/proc/sys/kernel/hostname"));
    try {
      Namespaces.<Boolean, LinuxException>inNew(
          POD,
          () -> {
            Namespaces.setHostName("pod-1");
            SmallFiles.write(Path.of("/proc/sys/net/ipv4/ip_unprivileged_port_start"), "77");
            Namespaces.pin(Namespace.NETWORK, net);
            Namespaces.pin(Namespace.UTS, uts);
            return true;
          });
      assertThat(SmallFiles.read(Path.of("/proc/sys/kernel/hostname"))).isEqualTo(before);
      assertThat(FileSystemStatus.of(net).magic()).isEqualTo(FileSystemStatus.NSFS);
      try (Fd network = Namespaces.open(net);
          Fd host = Namespaces.open(uts)) {
        List<String> found =
            Namespaces.<List<String>, LinuxException>inside(
                Map.of(Namespace.NETWORK, network, Namespace.UTS, host),
                () ->
                    List.of(
                        SmallFiles.read(Path.of("/proc/sys/kernel/hostname")).strip(),
                        SmallFiles.read(Path.of("/proc/sys/net/ipv4/ip_unprivileged_port_start"))
                            .strip()));
        assertThat(found).containsExactly("pod-1", "77");
      }
      assertThatThrownBy(() -> Namespaces.pin(Namespace.NETWORK, net))
          .hasMessage("open " + net + ": file exists (EEXIST)");
    } finally {
      Namespaces.unpin(net);
      Namespaces.unpin(uts);
      Namespaces.unpin(net);
    }
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void entersAndPinsAMountNamespaceFromOutside() throws Exception {
    Path pin = folder.resolve("mnt");
    Path target = Files.createDirectory(folder.resolve("target"));
    try (Fd namespace =
        Namespaces.<Fd, LinuxException>inNew(
            EnumSet.of(Namespace.MOUNT),
            () -> {
              Mounts.setPropagation(Path.of("/"), Propagation.PRIVATE, true);
              Mounts.mount("inside", target, "tmpfs", Set.of(), "");
              return Namespaces.current(Namespace.MOUNT);
            })) {
      // On a tree that is private, as the kernel wants it of one that holds namespaces.
      Namespaces.pin(namespace, pin);
    }
    try (Fd namespace = Namespaces.open(pin)) {
      long magic =
          Namespaces.<Long, LinuxException>inside(
              Map.of(Namespace.MOUNT, namespace), () -> FileSystemStatus.of(target).magic());
      assertThat(magic).isEqualTo(FileSystemStatus.TMPFS);
      assertThat(FileSystemStatus.of(target).magic()).isNotEqualTo(FileSystemStatus.TMPFS);
    } finally {
      Namespaces.unpin(pin);
    }
  }

  @Test
  void entersThoseOfAProcess() throws Exception {
    try (Child child =
        Namespaces.<Child, LinuxException>inNew(
            EnumSet.of(Namespace.UTS),
            () -> {
              Namespaces.setHostName("of-child");
              return Child.start(
                  new Spawn(
                      Path.of("/bin/sleep"), List.of("sleep", "1000"), Map.of(), Map.of(), true));
            })) {
      try {
        String name =
            Namespaces.<String, LinuxException>insideOf(
                child.pidfd(),
                EnumSet.of(Namespace.UTS, Namespace.MOUNT),
                () -> SmallFiles.read(Path.of("/proc/sys/kernel/hostname")).strip());
        assertThat(name).isEqualTo("of-child");
      } finally {
        child.signal(Signals.KILL);
        Processes.reap(child.pid());
      }
    }
  }

  @Test
  void bringsFailuresBackAndRefusesNesting() {
    assertThatThrownBy(() ->
            Namespaces.<Boolean, IOException>inNew(
                POD,
                () -> {
                  throw new IOException("from inside");
                }))
        .isExactlyInstanceOf(IOException.class)
        .hasMessage("from inside");
    assertThatThrownBy(() ->
            Namespaces.<Boolean, LinuxException>inNew(
                POD, () -> Namespaces.<Boolean, LinuxException>inNew(POD, () -> true)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("cannot enter namespaces from within other namespaces");
    assertThatThrownBy(() -> Namespaces.<Poller, LinuxException>inNew(POD, Poller::new))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("cannot start a poller from within other namespaces");
  }

  /** Whatever threads were started meanwhile, none of them lives in another namespace. */
  @Test
  void leavesNoThreadBehind() throws Exception {
    try (ExecutorService virtual = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Boolean>> all = new ArrayList<>();
      for (int i = 0; i < 60; i++) {
        all.add(
            virtual.submit(() ->
                Namespaces.<Boolean, LinuxException>inNew(
                    POD,
                    () -> {
                      Namespaces.setHostName("leak");
                      Namespaces.current(Namespace.NETWORK).close();
                      return true;
                    })));
      }
      for (Future<Boolean> each : all) {
        assertThat(each.get()).isTrue();
      }
    }
    for (Namespace kind : POD) {
      Set<String> strangers = threadsElsewhere(kind);
      while (strangers.contains("namespace")) { // ended for Java, not yet for the kernel
        Thread.sleep(1);
        strangers = threadsElsewhere(kind);
      }
      assertThat(strangers).isEmpty();
    }
  }

  @Test
  void leavesNoCarrierBehindThatIsStartedForItsCaller() throws Exception {
    assertThat(CarrierProbe.run()).isEqualTo("exit 0, elsewhere: []");
  }

  /** Names of this process's threads. */
  static List<String> threadNames() throws IOException {
    List<String> names = new ArrayList<>();
    try (Stream<Path> threads = Files.list(Path.of("/proc/self/task"))) {
      for (Path thread : threads.toList()) {
        try {
          names.add(Files.readString(thread.resolve("comm")).strip());
        } catch (IOException e) {
          assertThat(thread).as("a thread that has ended").doesNotExist();
        }
      }
    }
    return names;
  }

  /** Names of this process's threads that are in another namespace than its first. */
  static Set<String> threadsElsewhere(Namespace kind) throws IOException {
    Path ours = Files.readSymbolicLink(Path.of("/proc/self/ns/" + kind.procName()));
    Set<String> found = new HashSet<>();
    try (Stream<Path> threads = Files.list(Path.of("/proc/self/task"))) {
      for (Path thread : threads.toList()) {
        try {
          if (!Files.readSymbolicLink(thread.resolve("ns/" + kind.procName())).equals(ours)) {
            found.add(Files.readString(thread.resolve("comm")).strip());
          }
        } catch (IOException e) {
          assertThat(thread).as("a thread that has ended").doesNotExist();
        }
      }
    }
    return found;
  }
}
