package dev.hearth.kubernetes;

import dev.hearth.testing.Await;
import dev.hearth.testing.Folders;
import dev.hearth.testing.Leftovers;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * A kubelet with a folder, a cgroup and ports of its own, which can be killed and started again. It
 * changes sysctls of the machine; closing puts them back. One thread at a time.
 */
public final class Kubelet implements AutoCloseable {
  /** The node's name, which is resolved everywhere. */
  static final String NODE = "localhost";

  private static final Duration LIMIT = Duration.ofMinutes(1);
  private static final Duration PAUSE = Duration.ofMillis(100);
  private static final Path CGROUPS = Path.of("/sys/fs/cgroup");

  /** What the kubelet sets while it starts. */
  private static final List<String> SYSCTLS =
      List.of(
          "vm/overcommit_memory",
          "vm/panic_on_oom",
          "kernel/panic",
          "kernel/panic_on_oops",
          "kernel/keys/root_maxkeys",
          "kernel/keys/root_maxbytes");

  private final HttpClient http = HttpClient.newHttpClient();
  private final Programs programs;
  private final Path folder;
  private final Settings settings;
  private final int healthPort = ControlPlane.freePort();
  private final int readOnlyPort = ControlPlane.freePort();
  private final int port = ControlPlane.freePort();
  private final List<Sysctl> sysctls;
  private Child child;

  /**
   * What differs from one cluster to another.
   *
   * @param socket of the runtime
   * @param nodeAddress an address of this machine that is not of the loopback device
   * @param cgroup the parent of all pods' cgroups, {@code /NAME}
   * @param pods how many the node may hold
   */
  public record Settings(
      Path socket, Path kubeconfig, String nodeAddress, String cgroup, int pods) {}

  private record Sysctl(Path file, String value) {
    static Sysctl of(String name) {
      try {
        Path file = Path.of("/proc/sys", name);
        return new Sysctl(file, Files.readString(file));
      } catch (IOException e) {
        throw new AssertionError(e);
      }
    }

    void restore() throws IOException {
      if (!Files.readString(file).equals(value)) {
        Files.writeString(file, value);
      }
    }
  }

  /** Starts a kubelet; returns when it says that it is healthy. */
  public Kubelet(Programs programs, Path folder, Settings settings) throws IOException {
    this.programs = programs;
    this.folder = Files.createDirectories(folder);
    this.settings = settings;
    this.sysctls = SYSCTLS.stream().map(Sysctl::of).toList();
    makeCgroups();
    Files.createDirectories(manifests());
    Files.writeString(
        folder.resolve("resolv.conf"), "nameserver 192.0.2.53\nsearch test.example\n");
    child = launch("");
    awaitHealthy();
  }

  /** Where static pods are put, by renaming. */
  Path manifests() {
    return folder.resolve("manifests");
  }

  /** Where volumes of pods lie, {@code pods/UID/volumes}. */
  Path root() {
    return folder.resolve("root");
  }

  /** What it answers on its port for reading, such as {@code /metrics/cadvisor}. */
  public String read(String path) {
    try {
      return http.send(
              HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + readOnlyPort + path)).build(),
              BodyHandlers.ofString())
          .body();
    } catch (IOException e) {
      throw new AssertionError("the kubelet does not answer " + path, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
  }

  /** Kills the kubelet. Pods stay. */
  void kill() {
    child.kill();
  }

  /**
   * Starts the kubelet again.
   *
   * @param gates feature gates, {@code NAME=true,…}
   */
  void startAgain(String gates) throws IOException {
    child = launch(gates);
    awaitHealthy();
  }

  String endOfLog() {
    return child.endOfLog();
  }

  /** The sum of a metric's values, whatever its labels. */
  public double metric(String name) {
    return read("/metrics")
        .lines()
        .filter(line -> line.startsWith(name))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .sum();
  }

  private void awaitHealthy() {
    Await.until(
        child::endOfLog,
        LIMIT,
        PAUSE,
        () -> {
          child.requireAlive();
          return isHealthy();
        });
  }

  private boolean isHealthy() {
    URI health = URI.create("http://127.0.0.1:" + healthPort + "/healthz");
    try {
      return http.send(HttpRequest.newBuilder(health).build(), BodyHandlers.ofString()).statusCode()
          == 200;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private Child launch(String gates) throws IOException {
    Path configuration = folder.resolve("kubelet.yaml");
    Files.writeString(configuration, configuration());
    return Child.start(
        folder.resolve("kubelet.log"),
        Stream.concat(
                Stream.of(
                    programs.program("kubelet").toString(),
                    "--config=" + configuration,
                    "--root-dir=" + root(),
                    "--cert-dir=" + folder.resolve("pki"),
                    "--kubeconfig=" + settings.kubeconfig(),
                    "--hostname-override=" + NODE,
                    "--node-ip=" + settings.nodeAddress()),
                gates.isEmpty() ? Stream.of() : Stream.of("--feature-gates=" + gates))
            .toList());
  }

  private String configuration() {
    return """
    apiVersion: kubelet.config.k8s.io/v1beta1
    kind: KubeletConfiguration
    authentication: {webhook: {enabled: false}, anonymous: {enabled: true}}
    authorization: {mode: AlwaysAllow}
    address: 127.0.0.1
    port: %1$d
    readOnlyPort: %2$d
    healthzBindAddress: 127.0.0.1
    healthzPort: %3$d
    containerRuntimeEndpoint: unix://%4$s
    staticPodPath: %5$s/manifests
    podLogsDir: %5$s/logs
    volumePluginDir: %5$s/plugins
    resolvConf: %5$s/resolv.conf
    fileCheckFrequency: 2s
    syncFrequency: 10s
    clusterDomain: cluster.test
    clusterDNS: [192.0.2.10]
    failSwapOn: false
    failCgroupV1: false
    cgroupDriver: cgroupfs
    cgroupRoot: %6$s
    enforceNodeAllocatable: []
    evictionHard: {memory.available: 50Mi, nodefs.available: "1%%", nodefs.inodesFree: "1%%", imagefs.available: "20%%"}
    evictionPressureTransitionPeriod: 5s
    imageMinimumGCAge: 1s
    imageGCHighThresholdPercent: 99
    imageGCLowThresholdPercent: 98
    makeIPTablesUtilChains: false
    serializeImagePulls: false
    containerLogMaxSize: 64Ki
    containerLogMaxFiles: 3
    containerLogMonitorInterval: 3s
    crashLoopBackOff: {maxContainerRestartPeriod: 4s}
    allowedUnsafeSysctls: ["net.core.somaxconn", "kernel.msg*"]
    oomScoreAdj: 0
    maxPods: %7$d
    logging: {verbosity: 2}
    """
        .formatted(
            port,
            readOnlyPort,
            healthPort,
            settings.socket(),
            folder,
            settings.cgroup(),
            settings.pods());
  }

  /** The kubelet wants its root cgroup to be there, in each hierarchy. */
  private void makeCgroups() throws IOException {
    for (Path parent : hierarchies()) {
      Path cgroup = parent.resolve(settings.cgroup().substring(1));
      Files.createDirectories(cgroup);
      for (String file : List.of("cpuset.cpus", "cpuset.mems")) {
        if (Files.exists(parent.resolve(file)) && !Files.isSymbolicLink(parent)) {
          Files.writeString(cgroup.resolve(file), Files.readString(parent.resolve(file)));
        }
      }
    }
  }

  private static List<Path> hierarchies() throws IOException {
    if (Files.exists(CGROUPS.resolve("cgroup.controllers"))) {
      return List.of(CGROUPS);
    }
    try (Stream<Path> entries = Files.list(CGROUPS)) {
      return entries.filter(Files::isDirectory).toList();
    }
  }

  /** Stops the kubelet and removes what it made; pods must be gone. */
  @Override
  public void close() throws IOException {
    child.close();
    http.shutdownNow();
    List<String> mounts;
    try (Stream<String> lines = Files.lines(Path.of("/proc/self/mountinfo"))) {
      mounts =
          lines
              .map(line -> line.split(" ", -1)[4])
              .filter(point -> point.startsWith(folder + "/"))
              .sorted(Comparator.reverseOrder())
              .toList();
    }
    for (String mount : mounts) {
      Tool.run("umount", "--lazy", mount);
    }
    for (Sysctl sysctl : sysctls) {
      sysctl.restore();
    }
    Leftovers.endCgroups(settings.cgroup());
    Folders.remove(folder);
  }
}
