package dev.hearth.testing;

import dev.hearth.proto.cri.v1.ContainerConfig;
import dev.hearth.proto.cri.v1.ContainerState;
import dev.hearth.proto.cri.v1.ContainerStatus;
import dev.hearth.proto.cri.v1.LinuxContainerConfig;
import dev.hearth.proto.cri.v1.LinuxPodSandboxConfig;
import dev.hearth.proto.cri.v1.PodSandboxConfig;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

/** A pod that runs, for as long as a test looks at what its containers find inside. */
public final class TestPod implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofSeconds(30);

  private final TestBed bed;
  private final PodSandboxConfig config;
  private final String id;

  /** Runs a pod of this configuration. */
  public TestPod(TestBed bed, PodSandboxConfig config) {
    this.bed = bed;
    this.config = config;
    this.id = bed.cri().runPod(config);
  }

  /** Runs a pod as the kubelet would, with what a test changes. */
  public static TestPod of(TestBed bed, String name, Consumer<LinuxPodSandboxConfig.Builder> edit) {
    return new TestPod(bed, pod(bed, name, edit));
  }

  /** The configuration of such a pod. */
  public static PodSandboxConfig pod(
      TestBed bed, String name, Consumer<LinuxPodSandboxConfig.Builder> edit) {
    PodSandboxConfig.Builder pod = Pods.pod(name, bed.home().logs()).toBuilder();
    edit.accept(pod.getLinuxBuilder());
    return pod.build();
  }

  /** A container of the busybox image that runs a script, with what a test changes. */
  public ContainerConfig script(
      String name, String script, Consumer<LinuxContainerConfig.Builder> edit) {
    ContainerConfig.Builder container =
        Pods.container(name, bed.busybox(), "sh", "-c", script).toBuilder();
    edit.accept(container.getLinuxBuilder());
    return container.build();
  }

  public String id() {
    return id;
  }

  public PodSandboxConfig config() {
    return config;
  }

  public String create(ContainerConfig container) {
    return bed.cri().create(id, config, container);
  }

  /** Creates and starts a container; returns its id. */
  public String start(ContainerConfig container) {
    String made = create(container);
    bed.cri().start(made);
    return made;
  }

  /** Runs a container to its end. */
  public ContainerStatus run(ContainerConfig container) {
    return awaitEnd(start(container));
  }

  public ContainerStatus awaitEnd(String containerId) {
    Await.until(
        () -> "the end of " + containerId,
        LIMIT,
        () -> bed.cri().status(containerId).getState() == ContainerState.CONTAINER_EXITED);
    return bed.cri().status(containerId);
  }

  /** Runs a script in a container of its own and returns what it printed, as the log has it. */
  public List<String> output(
      String name, String script, Consumer<LinuxContainerConfig.Builder> edit) {
    ContainerConfig container = script(name, script, edit);
    var _ = run(container);
    return printed(container);
  }

  /** What a container has printed so far, without the log's times and tags. */
  public List<String> printed(ContainerConfig container) {
    return Pods.logLines(config, container).stream()
        .map(line -> line.split(" ", 4))
        .map(parts -> parts.length > 3 ? parts[3] : "")
        .toList();
  }

  /** The status a call is refused with; fails if it is not. */
  public static Status refusal(Runnable call) {
    try {
      call.run();
    } catch (StatusRuntimeException e) {
      return e.getStatus();
    }
    throw new AssertionError("the call was not refused");
  }

  @Override
  public void close() {
    bed.cri().removePod(id);
  }
}
