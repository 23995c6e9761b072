package dev.hearth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableList;
import dev.hearth.linux.testing.NeedsRoot;
import dev.hearth.proto.cri.v1.ContainerConfig;
import dev.hearth.proto.cri.v1.LinuxContainerResources;
import dev.hearth.proto.cri.v1.ListMetricDescriptorsRequest;
import dev.hearth.proto.cri.v1.ListPodSandboxMetricsRequest;
import dev.hearth.proto.cri.v1.Metric;
import dev.hearth.proto.cri.v1.MetricDescriptor;
import dev.hearth.proto.cri.v1.PodSandboxConfig;
import dev.hearth.proto.cri.v1.PodSandboxMetrics;
import dev.hearth.proto.cri.v1.StreamPodSandboxMetricsRequest;
import dev.hearth.testing.Pods;
import dev.hearth.testing.TestBed;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The metrics that the kubelet republishes, of a pod that does a little of everything. */
@NeedsRoot
class MetricsE2E {
  @RegisterExtension static final TestBed BED = new TestBed();

  private static final long MEMORY = 64 << 20;

  private static List<PodSandboxMetrics> list() {
    return BED.cri()
        .runtime()
        .listPodSandboxMetrics(ListPodSandboxMetricsRequest.getDefaultInstance())
        .getPodMetricsList();
  }

  private static List<MetricDescriptor> descriptors() {
    return BED.cri()
        .runtime()
        .listMetricDescriptors(ListMetricDescriptorsRequest.getDefaultInstance())
        .getDescriptorsList();
  }

  private static List<String> keys(List<MetricDescriptor> all, Metric metric) {
    return all.stream()
        .filter(descriptor -> descriptor.getName().equals(metric.getName()))
        .findFirst()
        .orElseThrow()
        .getLabelKeysList();
  }

  private static String label(Metric metric, String key) {
    return metric.getLabelValues(keys(descriptors(), metric).indexOf(key));
  }

  private static Metric named(List<Metric> metrics, String name) {
    return metrics.stream().filter(m -> m.getName().equals(name)).findFirst().orElseThrow();
  }

  private static long value(List<Metric> metrics, String name) {
    return named(metrics, name).getValue().getValue();
  }

  @Test
  void everyFigureOfARunningContainerIsThereWithItsLabels() {
    PodSandboxConfig pod = Pods.pod("measured", BED.home().logs());
    String podId = BED.cri().runPod(pod);
    ContainerConfig.Builder main =
        Pods.container("main", BED.busybox(), "sleep", "1000").toBuilder();
    main.getLinuxBuilder()
        .setResources(
            LinuxContainerResources.newBuilder()
                .setCpuPeriod(100_000)
                .setCpuQuota(50_000)
                .setCpuShares(512)
                .setMemoryLimitInBytes(MEMORY)
                .setMemorySwapLimitInBytes(MEMORY));
    String id = BED.cri().create(podId, pod, main.build());
    BED.cri().start(id);
    BED.cri().exec(id, "sh", "-c", "echo something > /written");

    PodSandboxMetrics measured = list().getFirst();
    List<Metric> container = measured.getContainerMetrics(0).getMetricsList();
    assertThat(measured.getPodSandboxId()).isEqualTo(podId);
    assertThat(measured.getContainerMetrics(0).getContainerId()).isEqualTo(id);
    assertThat(value(container, "container_spec_cpu_quota")).isEqualTo(50_000);
    assertThat(value(container, "container_spec_cpu_shares")).isEqualTo(512);
    assertThat(value(container, "container_spec_memory_limit_bytes")).isEqualTo(MEMORY);
    assertThat(value(container, "container_processes")).isEqualTo(1);
    assertThat(value(container, "container_threads")).isEqualTo(1);
    assertThat(value(container, "container_file_descriptors")).isEqualTo(3);
    assertThat(value(container, "container_sockets")).isZero();
    assertThat(value(container, "container_oom_events_total")).isZero();
    assertThat(value(container, "container_memory_max_usage_bytes")).isBetween(1L, MEMORY);
    assertThat(value(container, "container_fs_usage_bytes")).isPositive();
    assertThat(value(container, "container_ulimits_soft")).isPositive();
    Metric usage = named(container, "container_memory_usage_bytes");
    assertThat(label(usage, "container")).isEqualTo("main");
    assertThat(label(usage, "pod")).isEqualTo("measured");
    assertThat(label(usage, "namespace")).isEqualTo("default");
    assertThat(label(usage, "name")).isEqualTo(id);
    assertThat(label(usage, "image")).isEqualTo(BED.busybox());
    assertThat(label(usage, "id")).endsWith(id);
    requirePod(measured.getMetricsList());
    requireDescribed(measured);
    BED.cri().removePod(podId);
  }

  /** A pod as a whole has no container, image and name; so queries tell it from containers. */
  private static void requirePod(List<Metric> pod) {
    Metric received = named(pod, "container_network_receive_bytes_total");
    assertThat(label(received, "interface")).isEqualTo("eth0");
    assertThat(label(received, "pod")).isEqualTo("measured");
    assertThat(label(received, "container")).isEmpty();
    assertThat(value(pod, "container_memory_usage_bytes")).isPositive();
  }

  private static void requireDescribed(PodSandboxMetrics measured) {
    List<MetricDescriptor> all = descriptors();
    Stream.concat(
            measured.getMetricsList().stream(),
            measured.getContainerMetrics(0).getMetricsList().stream())
        .forEach(metric ->
            assertThat(metric.getLabelValuesCount())
                .as(metric.getName())
                .isEqualTo(keys(all, metric).size()));
  }

  @Test
  void theListComesInPartsToo() {
    PodSandboxConfig pod = Pods.hostNetworkPod("parts", BED.home().logs());
    String podId = BED.cri().runPod(pod);

    List<String> ids =
        ImmutableList.copyOf(
                BED.cri()
                    .runtime()
                    .streamPodSandboxMetrics(StreamPodSandboxMetricsRequest.getDefaultInstance()))
            .stream()
            .flatMap(part -> part.getPodSandboxMetricsList().stream())
            .map(PodSandboxMetrics::getPodSandboxId)
            .toList();
    assertThat(ids).containsExactly(podId);

    BED.cri().stopPod(podId);
    assertThat(list()).isEmpty();
    BED.cri().removePod(podId);
  }
}
