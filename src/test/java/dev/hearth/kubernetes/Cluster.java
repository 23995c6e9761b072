package dev.hearth.kubernetes;

import dev.hearth.config.LogLevel;
import dev.hearth.testing.Await;
import dev.hearth.testing.DaemonHome;
import dev.hearth.testing.Folders;
import dev.hearth.testing.GuardedRegistry;
import dev.hearth.testing.GuardedRegistry.Scheme;
import dev.hearth.testing.HearthDaemon;
import dev.hearth.testing.Leftovers;
import dev.hearth.testing.LoopbackRegistry;
import dev.hearth.testing.TestImage;
import dev.hearth.testing.TestImage.Format;
import dev.hearth.testing.TestImages;
import dev.hearth.testing.TestLayer.Compression;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * A cluster of one node: a control plane, a kubelet, Hearth, and a registry with the test image.
 * Any number of threads may run pods in it; kubelet and daemon are restarted by one.
 */
final class Cluster implements AutoCloseable {
  /** How long things that take a second may take on a machine with much to do. */
  static final Duration LIMIT = Duration.ofSeconds(90);

  private static final Duration PAUSE = Duration.ofMillis(150);
  private static final int PODS = 250;
  private static final long DISK_BYTES = 1L << 30;

  private final Path folder;
  private final Programs programs;
  private final LoopbackRegistry registry;
  private final GuardedRegistry guarded;
  private final TestImage busybox;
  private final String image;
  private final HearthDaemon daemon;
  private final ControlPlane control;
  private final Kubelet kubelet;
  private final String nodeAddress;

  /** Starts a cluster; returns when its node is Ready. */
  static Cluster start(Programs programs) throws IOException {
    var opened = new ArrayList<AutoCloseable>();
    try {
      return new Cluster(programs, opened);
    } catch (IOException | AssertionError e) {
      closeAll(opened, e);
      throw e;
    }
  }

  private Cluster(Programs programs, List<AutoCloseable> opened) throws IOException {
    this.programs = programs;
    folder = Files.createTempDirectory("hearth-kubernetes");
    opened.add(() -> Folders.remove(folder));
    registry = LoopbackRegistry.start(folder.resolve("registry"));
    opened.add(registry);
    guarded = GuardedRegistry.start(registry, Scheme.BASIC);
    opened.add(guarded);
    busybox = new TestImages(folder.resolve("images")).busybox(Format.DOCKER, Compression.GZIP);
    image = registry.push("hearth/busybox:1", busybox);
    Path hearth = folder.resolve("hearth");
    makeDisk(Files.createDirectories(hearth.resolve("root")));
    opened.add(() -> Tool.run("umount", "--lazy", hearth.resolve("root").toString()));
    daemon = HearthDaemon.start(home(hearth, registry, guarded));
    opened.add(() -> Leftovers.sweep(daemon.home()));
    opened.add(daemon);
    nodeAddress = ownAddress();
    control = new ControlPlane(programs, folder.resolve("control"), nodeAddress);
    opened.add(control);
    kubelet =
        new Kubelet(
            programs,
            folder.resolve("kubelet"),
            new Kubelet.Settings(
                daemon.home().socket(),
                control.kubeconfig(),
                nodeAddress,
                daemon.home().cgroupParent() + "-kube",
                PODS));
    opened.add(kubelet);
    control.awaitUsable();
  }

  /** Images lie on a disk of their own that can be filled. */
  private void makeDisk(Path root) throws IOException {
    Path file = folder.resolve("disk");
    try (var disk = new RandomAccessFile(file.toFile(), "rw")) {
      disk.setLength(DISK_BYTES);
    }
    Tool.run("mkfs.ext4", "-q", "-F", file.toString()).orFail();
    Tool.run("mount", "-o", "loop", file.toString(), root.toString()).orFail();
  }

  private static DaemonHome home(Path folder, LoopbackRegistry registry, GuardedRegistry guarded) {
    DaemonHome free = DaemonHome.in(folder, registry.host(), guarded.host());
    return new DaemonHome(folder, free.number(), free.plainHttp(), LogLevel.INFO);
  }

  /** The address by which this machine leaves for others; no packet is sent. */
  private static String ownAddress() throws IOException {
    try (var socket = new DatagramSocket()) {
      socket.connect(InetAddress.getByAddress(new byte[] {(byte) 198, 51, 100, 1}), 9);
      return socket.getLocalAddress().getHostAddress();
    }
  }

  KubeApi api() {
    return control.api();
  }

  Kubelet kubelet() {
    return kubelet;
  }

  HearthDaemon daemon() {
    return daemon;
  }

  GuardedRegistry guarded() {
    return guarded;
  }

  /** The reference of the busybox image. */
  String image() {
    return image;
  }

  /** Pushes the busybox image under another name; returns the reference. */
  String push(String name) throws IOException {
    return registry.push(name, busybox);
  }

  /** The size of the file system that holds the images. */
  long imageDiskBytes() throws IOException {
    return Files.getFileStore(daemon.home().root()).getTotalSpace();
  }

  String nodeAddress() {
    return nodeAddress;
  }

  /** A folder for the tests. */
  Path folder() {
    return folder;
  }

  /** The node as the API has it. */
  Doc node() {
    return api().get("/api/v1/nodes/" + Kubelet.NODE);
  }

  /** Waits until the node is Ready. */
  void awaitNode() {
    await(
        () -> "the node to be Ready; " + kubelet.endOfLog(),
        () ->
            api()
                .find("/api/v1/nodes/" + Kubelet.NODE)
                .map(node -> condition(node, "Ready").equals("True"))
                .orElse(false));
  }

  /** The status of a condition of an object. */
  static String condition(Doc object, String type) {
    return object.at("status.conditions").items().stream()
        .filter(condition -> condition.at("type").text().equals(type))
        .map(condition -> condition.at("status").text())
        .findFirst()
        .orElse("");
  }

  /** Waits for what is seen through the API. */
  static void await(Supplier<String> what, BooleanSupplier happened) {
    Await.until(what, LIMIT, PAUSE, happened);
  }

  /**
   * Runs a pod.
   *
   * @param spec the pod's, in YAML; {@code IMAGE} in it stands for the busybox image
   */
  KubePod run(String name, String spec) {
    return runWith(name, "", spec);
  }

  /** What a pod's containers print that run to their end; the pod is removed. */
  List<String> printed(String name, String spec) {
    try (KubePod pod = run(name, spec)) {
      pod.awaitPhase("Succeeded");
      return pod.lines();
    }
  }

  /** The same as run, with more in the pod's metadata, lines of YAML. */
  KubePod runWith(String name, String metadata, String spec) {
    create(
        "pods",
        """
        apiVersion: v1
        kind: Pod
        metadata:
          name: %s
          labels: {app: %s}
        %sspec:
        %s\
        """
            .formatted(name, name, metadata.indent(2), spec.replace("IMAGE", image).indent(2)));
    return new KubePod(this, name);
  }

  /** Makes an object of the default namespace, such as one of {@code configmaps}. */
  Doc create(String collection, String yaml) {
    return api().create("/api/v1/namespaces/default/" + collection, yaml);
  }

  /** Runs kubectl with arguments. */
  Tool kubectl(String... arguments) throws IOException {
    return kubectlGiven("", arguments);
  }

  /** The same with a standard input. */
  Tool kubectlGiven(String input, String... arguments) throws IOException {
    return Tool.run(environment(), input, kubectlCommand(arguments));
  }

  /** The environment in which kubectl finds this cluster. */
  Map<String, String> environment() {
    return Map.of(
        "KUBECONFIG", control.kubeconfig().toString(), "HOME", folder.toString(), "TERM", "xterm");
  }

  /** The whole command that runs kubectl. */
  List<String> kubectlCommand(String... arguments) {
    var command = new ArrayList<String>();
    command.add(programs.program("kubectl").toString());
    command.addAll(List.of(arguments));
    return command;
  }

  /** The end of kubelet's and daemon's logs, for the report of a failure. */
  String logs() throws IOException {
    List<String> lines = daemon.log().lines().toList();
    return kubelet.endOfLog()
        + "\nhearthd:\n"
        + String.join("\n", lines.subList(Math.max(0, lines.size() - 40), lines.size()));
  }

  /** Deletes all pods and waits until they are gone. */
  void removePods() {
    api().delete("/api/v1/namespaces/default/pods?gracePeriodSeconds=1");
    await(
        () -> "the pods to go",
        () -> api().get("/api/v1/namespaces/default/pods").at("items").items().isEmpty());
  }

  @Override
  public void close() throws IOException {
    var failure = new IOException("the cluster was not taken down completely");
    var all = new ArrayList<AutoCloseable>();
    all.add(() -> Folders.remove(folder));
    all.add(registry);
    all.add(guarded);
    all.add(() -> Leftovers.sweep(daemon.home()));
    all.add(daemon);
    all.add(kubelet);
    all.add(control);
    all.add(this::removePods);
    closeAll(all, failure);
    if (failure.getSuppressed().length > 0) {
      throw failure;
    }
  }

  private static void closeAll(List<AutoCloseable> opened, Throwable failure) {
    for (AutoCloseable each : opened.reversed()) {
      try {
        each.close();
      } catch (Exception | AssertionError e) {
        failure.addSuppressed(e);
      }
    }
  }
}
