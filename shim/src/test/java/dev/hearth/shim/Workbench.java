package dev.hearth.shim;

import dev.hearth.linux.Descriptors;
import dev.hearth.linux.Fd;
import dev.hearth.linux.MountAttribute;
import dev.hearth.linux.Namespace;
import dev.hearth.linux.Opens;
import dev.hearth.linux.Poller;
import dev.hearth.linux.Signals;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import org.assertj.core.api.Assertions;

/** A folder with a root file system of busybox's, and all containers started in it. */
final class Workbench {
  static final Duration SOON = Duration.ofSeconds(20);
  static final String PATH = "/bin:/sbin";

  /** What a container may do by default in these tests: all but a few. */
  private static final long ORDINARY_CAPABILITIES = 0xA80425FBL;

  private static final int READ_WRITE = 0666;

  private static final Path BUSYBOX = Path.of("/bin/busybox");
  private static final List<String> APPLETS =
      List.of(
          "sh",
          "cat",
          "echo",
          "id",
          "ls",
          "sleep",
          "true",
          "false",
          "mount",
          "stat",
          "tty",
          "yes",
          "head",
          "hostname",
          "kill",
          "grep",
          "ps",
          "readlink",
          "pwd",
          "touch",
          "mkdir",
          "stty",
          "setsid",
          "tr",
          "cut",
          "printf",
          "env",
          "seq",
          "dd",
          "wc",
          "test",
          "usleep",
          "rm",
          "ln",
          "umask",
          "sysctl");

  final Path folder;
  final Path rootfs;
  final Path log;
  final Poller poller;
  final ShimLauncher launcher;
  private final List<Path> controls = new ArrayList<>();

  Workbench(Path folder, Path program) throws IOException {
    this.folder = folder;
    rootfs = Files.createDirectory(folder.resolve("rootfs"));
    log = folder.resolve("log");
    Path bin = Files.createDirectory(rootfs.resolve("bin"));
    Files.copy(BUSYBOX, bin.resolve("busybox"), StandardCopyOption.COPY_ATTRIBUTES);
    for (String applet : APPLETS) {
      Files.createLink(bin.resolve(applet), bin.resolve("busybox"));
    }
    for (String name : List.of("proc", "dev", "sys", "tmp", "etc")) {
      Files.createDirectory(rootfs.resolve(name));
    }
    Tools tools = Tools.of(program);
    poller = tools.poller();
    launcher = tools.launcher();
  }

  /** Names a container's files. */
  Path control(String name) {
    Path control = folder.resolve(name + ".sock");
    if (!controls.contains(control)) {
      controls.add(control);
    }
    return control;
  }

  Path exitRecord(String name) {
    return folder.resolve(name + ".exit");
  }

  ShimClient client(String name) {
    return new ShimClient(control(name), poller);
  }

  static Body.Program program(String... arguments) {
    return new Body.Program(Arrays.asList(arguments), List.of("PATH=" + PATH), PATH);
  }

  static Body.Program shell(String script) {
    return program("sh", "-c", script);
  }

  static ProcessSetup process(Body body) {
    return ProcessSetup.of(body).withCapabilities(CapabilitySets.of(ORDINARY_CAPABILITIES));
  }

  /** A container as most are, in namespaces of its own, logging. */
  LaunchPlan plan(String name, Body body) {
    return new LaunchPlan(
        Supervision.of(control(name), exitRecord(name)).withLog(log),
        new Stdio.Pipes(Stdio.Input.NONE),
        CgroupJoins.NONE,
        NamespaceSetup.creating(Namespace.PID, Namespace.IPC, Namespace.UTS),
        tree(),
        process(body));
  }

  FileTree tree() {
    return new FileTree(
        root(),
        standardMounts(),
        List.of(),
        List.of(
            DeviceNode.character("/dev/null", READ_WRITE, 1, 3),
            DeviceNode.character("/dev/tty", READ_WRITE, 5, 0)),
        List.of(),
        List.of(),
        List.of());
  }

  RootFileSystem root() {
    return RootFileSystem.of(new MountSource.Bind(rootfs, false));
  }

  static List<ContainerMount> standardMounts() {
    Set<MountAttribute> strict =
        Set.of(MountAttribute.NO_SUID, MountAttribute.NO_EXEC, MountAttribute.NO_DEVICES);
    return List.of(
        mount("/proc", new MountSource.FileSystem("proc", List.of(), strict)),
        mount(
            "/dev",
            new MountSource.FileSystem(
                "tmpfs",
                List.of(
                    MountSource.Option.of("mode", "755"), MountSource.Option.of("size", "65536k")),
                Set.of(MountAttribute.NO_SUID))),
        mount(
            "/dev/pts",
            new MountSource.FileSystem(
                "devpts",
                List.of(
                    MountSource.Option.flag("newinstance"),
                    MountSource.Option.of("ptmxmode", "0666"),
                    MountSource.Option.of("mode", "0620")),
                Set.of(MountAttribute.NO_SUID, MountAttribute.NO_EXEC))));
  }

  static ContainerMount mount(String target, MountSource source, MountChange... changes) {
    return new ContainerMount(source, target, true, List.of(changes));
  }

  StartedContainer start(LaunchPlan plan) throws Exception {
    return launcher.launch(plan, SOON);
  }

  /** A container that waits to be ended. */
  LaunchPlan sleeper(String name) {
    return plan(name, program("sleep", "1000"));
  }

  /** What an exec in a container says, and how it ends. */
  record ExecResult(ContainerExit exit, String output, String error) {}

  ExecResult exec(LaunchPlan container, ProcessSetup process) throws Exception {
    return exec(container, ExecPlan.in(container, process));
  }

  ExecResult exec(LaunchPlan container, ExecPlan plan) throws Exception {
    ShimClient client = new ShimClient(container.supervision().control(), poller);
    try (Opens.Pipe out = Opens.pipe();
        Opens.Pipe err = Opens.pipe();
        ExecSession session =
            client.exec(
                plan,
                new ShimClient.Streams(
                    Optional.empty(), Optional.of(out.writer()), Optional.of(err.writer())),
                SOON)) {
      out.writer().close();
      err.writer().close();
      String output = readAll(out.reader());
      return new ExecResult(session.await(SOON), output, readAll(err.reader()));
    }
  }

  /** All there is to read, up to the end. */
  String readAll(Fd fd) throws Exception {
    Descriptors.setNonBlocking(fd, true);
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    ByteBuffer buffer = ByteBuffer.allocate(65536);
    while (true) {
      int read = Descriptors.read(fd, buffer.clear());
      if (read < 0) {
        return all.toString(StandardCharsets.ISO_8859_1);
      }
      if (read == 0) {
        poller.awaitReadable(fd, SOON);
      }
      all.write(buffer.array(), 0, buffer.position());
    }
  }

  /** Waits until what is asked for holds. */
  static void await(Callable<Boolean> condition) throws Exception {
    long end = System.nanoTime() + SOON.toNanos();
    while (!condition.call()) {
      Assertions.assertThat(System.nanoTime()).as("waited too long").isLessThan(end);
      Thread.sleep(5);
    }
  }

  /** Runs it to its end, and its shim's: the next may listen at the same place. */
  ContainerExit run(LaunchPlan plan) throws Exception {
    start(plan);
    ContainerExit exit = awaitEnd(plan);
    await(() -> Files.notExists(plan.supervision().control()));
    return exit;
  }

  ContainerExit awaitEnd(LaunchPlan plan) throws Exception {
    try (ExitWatch watch = new ShimClient(plan.supervision().control(), poller).subscribe(SOON)) {
      return watch.await(SOON);
    } catch (ShimUnreachable e) {
      // It has ended already.
      Optional<ExitRecord> record = ExitRecord.read(plan.supervision().exitRecord());
      return record
          .orElseThrow(() -> new AssertionError("no shim, and no record of an exit", e))
          .exit();
    }
  }

  /** What a container that runs to its end says on stdout. */
  String output(LaunchPlan plan) throws Exception {
    run(plan);
    return logged("stdout");
  }

  String outputOf(String script) throws Exception {
    return output(plan("c", shell(script)));
  }

  /** The log's whole content of a stream, parts of lines joined. */
  String logged(String stream) throws IOException {
    StringBuilder whole = new StringBuilder();
    for (String line : logLines(log)) {
      String[] fields = line.split(" ", 4);
      Assertions.assertThat(fields).hasSize(4);
      if (fields[1].equals(stream)) {
        whole.append(fields[3]).append(fields[2].equals("F") ? "\n" : "");
      }
    }
    return whole.toString();
  }

  /** Lines end with a newline, whatever else is in them; one still being written is none yet. */
  static List<String> logLines(Path log) throws IOException {
    String content = Files.readString(log, StandardCharsets.ISO_8859_1);
    String whole = content.substring(0, content.lastIndexOf('\n') + 1);
    return whole.isEmpty() ? List.of() : List.of(whole.split("\n"));
  }

  /** Kills whatever still runs. */
  void close() throws Exception {
    for (Path control : controls) {
      try {
        ShimClient client = new ShimClient(control, poller);
        try (ExitWatch watch = client.subscribe(SOON)) {
          client.signal(Signals.KILL, SOON);
          watch.await(SOON);
        }
      } catch (ShimException e) {
        // It has ended.
      }
    }
  }
}
