package dev.hearth.bench;

import dev.hearth.proto.cri.v1.ContainerConfig;
import dev.hearth.proto.cri.v1.Mount;
import dev.hearth.proto.cri.v1.PodSandboxConfig;
import dev.hearth.proto.cri.v1.RunPodSandboxRequest;
import dev.hearth.testing.Pods;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A pod with one container, whose first instruction can be awaited and which ends when it is asked
 * to.
 */
final class BenchPod {
  private static final String OBEY = "trap 'exit 0' TERM; while :; do sleep 1000 & wait $!; done";

  private final CriContender contender;
  private final PodSandboxConfig pod;
  private final ContainerConfig container;
  private final Path fifo;
  private String podId = "";
  private String containerId = "";

  BenchPod(CriContender contender, Site site, String image, String name) throws IOException {
    this.contender = contender;
    fifo = site.shared().resolve(name);
    Processes.run("mkfifo", fifo.toString());
    PodSandboxConfig plain = Pods.pod(name, site.logs());
    pod =
        plain.toBuilder()
            .setLinux(plain.getLinux().toBuilder().setCgroupParent(contender.cgroupParent()))
            .build();
    container =
        Pods.container("main", image, "sh", "-c", "echo >/shared/" + name + "; " + OBEY).toBuilder()
            .addMounts(
                Mount.newBuilder()
                    .setHostPath(site.shared().toString())
                    .setContainerPath("/shared"))
            .build();
  }

  void runSandbox() {
    podId =
        contender
            .cri()
            .runtime()
            .runPodSandbox(
                RunPodSandboxRequest.newBuilder()
                    .setConfig(pod)
                    .setRuntimeHandler(contender.handler())
                    .build())
            .getPodSandboxId();
  }

  void create() {
    containerId = contender.cri().create(podId, pod, container);
  }

  void start() {
    contender.cri().start(containerId);
  }

  /** Returns when the container's process has come to its first instruction. */
  void awaitFirstInstruction() throws IOException {
    try (InputStream rendezvous = Files.newInputStream(fifo)) {
      if (rendezvous.read() < 0) {
        throw new IOException("nothing came through " + fifo);
      }
    }
    Files.delete(fifo);
  }

  /** The three verbs, and the wait. */
  void run() throws IOException {
    runSandbox();
    create();
    start();
    awaitFirstInstruction();
  }

  String containerId() {
    return containerId;
  }

  String podId() {
    return podId;
  }
}
