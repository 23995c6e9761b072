package dev.hearth.tour;

import dev.hearth.proto.cri.v1.ContainerConfig;
import dev.hearth.proto.cri.v1.ContainerState;
import dev.hearth.proto.cri.v1.ExecSyncResponse;
import dev.hearth.proto.cri.v1.PodSandboxConfig;
import dev.hearth.testing.Cri;
import dev.hearth.testing.DaemonHome;
import dev.hearth.testing.Folders;
import dev.hearth.testing.HearthDaemon;
import dev.hearth.testing.Leftovers;
import dev.hearth.testing.LoopbackRegistry;
import dev.hearth.testing.NumberedLog;
import dev.hearth.testing.Pods;
import dev.hearth.testing.TestImage.Format;
import dev.hearth.testing.TestImages;
import dev.hearth.testing.TestLayer.Compression;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;

/**
 * The main job before one's eyes: a daemon with a registry beside it, a pod with a web server and a
 * container that counts, the daemon killed and started again, and everything removed.
 */
public final class Tour {
  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final String COUNT =
      "trap 'exit 0' TERM; i=0; while :; do i=$((i+1)); echo $i; usleep 1000; done";

  private final Narrator tell = new Narrator(System.out);
  private final DaemonHome home;
  private final LoopbackRegistry registry;
  private final HearthDaemon daemon;

  private Tour(DaemonHome home, LoopbackRegistry registry, HearthDaemon daemon) {
    this.home = home;
    this.registry = registry;
    this.daemon = daemon;
  }

  /** {@code Tour [--keep]}. Exits with 1 when a step fails. */
  public static void main(String[] arguments) throws Exception {
    List<String> options = List.of(arguments);
    if (!List.of("--keep").containsAll(options)) {
      System.err.println("./dev run takes no option but --keep");
      System.exit(2);
    }
    // A checkout has a place and a number of its own, so a run finds what its predecessor left.
    int number = HearthDaemon.tree().hashCode() & 0x1fff;
    Path folder = Path.of("/var/tmp/hearth-tour-%04x".formatted(number));
    try (FileChannel lock =
            FileChannel.open(
                Path.of(folder + ".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock held = lock.tryLock()) {
      if (held == null) {
        System.err.println("another tour is on its way in " + folder);
        System.exit(1);
      }
      if (!tour(folder, number, options.contains("--keep"))) {
        System.exit(1);
      }
    }
    // Threads of HTTP and gRPC linger for a moment; there is nothing left to wait for.
    System.exit(0);
  }

  private static boolean tour(Path folder, int number, boolean keep) throws Exception {
    var tell = new Narrator(System.out);
    if (Files.exists(folder)) {
      var stale = new DaemonHome(folder, number, List.of());
      tell.step("cleaned up after an earlier run in " + folder, () -> Leftovers.sweep(stale));
    }
    LoopbackRegistry registry =
        tell.step(
            () -> LoopbackRegistry.start(folder.resolve("registry")),
            started -> "registry on " + started.host());
    var home = new DaemonHome(folder, number, List.of(registry.host()));
    HearthDaemon daemon = null;
    try {
      daemon =
          tell.step(
              () -> HearthDaemon.start(home),
              started -> "daemon answers: " + started.cri().version() + ", pid " + started.pid());
      new Tour(home, registry, daemon).walk();
      if (keep) {
        new Tour(home, registry, daemon).explain();
        return true;
      }
      tell.step("stopped the daemon", daemon::stop);
    } catch (Exception | AssertionError e) {
      tell.say("FAILED: " + e);
      e.printStackTrace();
      printEndOfLog(home);
      return false;
    } finally {
      if (!keep) {
        if (daemon != null) {
          daemon.close();
        }
        registry.close();
        Leftovers.sweep(home);
        Folders.remove(folder);
      }
    }
    tell.say("Everything went as it should.");
    return true;
  }

  private void walk() throws Exception {
    Leftovers before = Leftovers.of(home);
    String web = pullImages();
    PodSandboxConfig pod = Pods.pod("tour", home.logs());
    String podId =
        tell.step(() -> cri().runPod(pod), id -> "pod " + id.substring(0, 12) + " is ready");
    String address = cri().podStatus(podId).getNetwork().getIp();

    String server = start(podId, pod, Pods.container("web", web));
    ContainerConfig counting = Pods.container("counter", web, "sh", "-c", COUNT);
    String counter = start(podId, pod, counting);
    var log = new NumberedLog(Pods.log(pod, counting));
    tell.step(() -> log.await(100, LIMIT), last -> "its log has reached line " + last);
    tell.step(() -> run(counter, "hostname"), name -> "exec hostname says " + name);
    tell.step(() -> page(address), text -> "http://" + address + "/ says " + text);

    killAndRestart(counter, log, address);

    tell.step("asked the counter to stop, removed it", () -> stop(counter, LIMIT));
    tell.step("killed the web server, removed it", () -> stop(server, Duration.ZERO));
    tell.step(log::requireNoGap, lines -> "its log has " + lines + " lines, none lost");
    tell.step("stopped and removed the pod", () -> cri().removePod(podId));
    tell.step("removed the image", () -> cri().removeImage(web));
    tell.step(
        "nothing left behind: no process, mount, cgroup, device, firewall table, file",
        () -> Leftovers.assertNothingSince(before, home));
  }

  private String pullImages() throws Exception {
    var images = new TestImages(home.folder().resolve("images"));
    String reference =
        tell.step(
            () ->
                registry.push(
                    "hearth/web:1",
                    images.image(
                        Format.DOCKER,
                        TestImages.running("httpd", "-f", "-p", "80", "-h", "/srv/www"),
                        images.busyboxLayers(Compression.GZIP))),
            pushed -> "made and pushed " + pushed);
    tell.step(() -> cri().pull(reference), id -> "pulled it, " + id);
    return reference;
  }

  private String start(String podId, PodSandboxConfig pod, ContainerConfig container)
      throws Exception {
    return tell.step(
        () -> {
          String id = cri().create(podId, pod, container);
          cri().start(id);
          return id;
        },
        id ->
            "container %s %s runs, pid %d"
                .formatted(container.getMetadata().getName(), id.substring(0, 12), pid(id)));
  }

  private void killAndRestart(String counter, NumberedLog log, String address) throws Exception {
    long pid = pid(counter);
    long killedAt = log.last();
    tell.step("kill -9 of the daemon", daemon::kill);
    tell.step(
        () -> log.await(killedAt + 500, LIMIT),
        last -> "without it the log has reached line " + last);
    tell.step(() -> page(address), text -> "http://" + address + "/ still says " + text);
    tell.step(
        () -> {
          daemon.startAgain();
          return daemon.pid();
        },
        newPid -> "started the daemon again, pid " + newPid);
    tell.step(
        "the same container runs with the same pid " + pid,
        () -> {
          require(
              cri().status(counter).getState() == ContainerState.CONTAINER_RUNNING,
              "the container does not run");
          require(pid(counter) == pid, "the container has another pid");
        });
    tell.step(() -> run(counter, "hostname"), name -> "exec hostname says " + name);
    tell.step(() -> page(address), text -> "http://" + address + "/ says " + text);
    tell.step(log::requireNoGap, lines -> "its log has " + lines + " lines, none lost");
  }

  private void stop(String container, Duration grace) {
    cri().stop(container, grace);
    require(
        cri().status(container).getState() == ContainerState.CONTAINER_EXITED,
        "a stopped container has not exited");
    cri().remove(container);
  }

  private String run(String container, String... command) {
    ExecSyncResponse result = cri().exec(container, command);
    require(result.getExitCode() == 0, "exec ended with " + result.getExitCode());
    return result.getStdout().toStringUtf8().strip();
  }

  /** The web server may need a moment after the start of its container. */
  private static String page(String address) throws InterruptedException {
    String host = address.contains(":") ? "[" + address + "]" : address;
    HttpRequest request = HttpRequest.newBuilder(URI.create("http://" + host + "/")).build();
    try (var http = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build()) {
      for (long end = System.nanoTime() + LIMIT.toNanos(); ; Thread.sleep(5)) {
        try {
          return http.send(request, HttpResponse.BodyHandlers.ofString()).body().strip();
        } catch (IOException e) {
          if (System.nanoTime() > end) {
            throw new IllegalStateException("nobody answers at " + request.uri(), e);
          }
        }
      }
    }
  }

  private long pid(String container) {
    return Pods.pid(cri(), container);
  }

  private Cri cri() {
    return daemon.cri();
  }

  private static void require(boolean condition, String otherwise) {
    if (!condition) {
      throw new IllegalStateException(otherwise);
    }
  }

  private void explain() throws Exception {
    String socket = "unix://" + home.socket();
    cri().pull(registry.host() + "/hearth/web:1");
    tell.say(
        """

        The daemon goes on running as process %d, the registry as %d. With crictl:
          crictl --runtime-endpoint %s --image-endpoint %s images
        For a kubelet, in its configuration file:
          containerRuntimeEndpoint: %s
          failCgroupV1: false      # on a host with cgroup v1
        The image is %s/hearth/web:1, the daemon's log %s.
        To end it: kill %d %d; the next ./dev run cleans up.\
        """
            .formatted(
                daemon.pid(),
                registry.pid(),
                socket,
                socket,
                socket,
                registry.host(),
                home.daemonLog(),
                daemon.pid(),
                registry.pid()));
  }

  private static void printEndOfLog(DaemonHome home) throws IOException {
    if (Files.exists(home.daemonLog())) {
      List<String> lines = Files.readAllLines(home.daemonLog());
      System.out.println("The end of the daemon's log:");
      lines.subList(Math.max(0, lines.size() - 40), lines.size()).forEach(System.out::println);
    }
  }
}
