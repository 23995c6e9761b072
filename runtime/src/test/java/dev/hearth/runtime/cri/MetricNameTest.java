package dev.hearth.runtime.cri;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.proto.cri.v1.Metric;
import dev.hearth.proto.cri.v1.MetricDescriptor;
import dev.hearth.proto.cri.v1.MetricType;
import dev.hearth.runtime.cgroup.Details;
import dev.hearth.runtime.cgroup.Statistics;
import dev.hearth.runtime.network.InterfaceStatistics;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class MetricNameTest {
  private static final List<String> LABELS = List.of("main", "/g", "image", "id", "ns", "pod");

  private final Measurements measured = new Measurements(LABELS);

  private static final Details DETAILS =
      new Details(
          100,
          2,
          3,
          Long.MAX_VALUE,
          List.of(new Details.DeviceIo("8:0", 1, 2, 3, 4)),
          Map.of("2MB", 5L));

  @Test
  void everyMetricIsDescribedWithHelpAndItsLabels() {
    List<MetricDescriptor> all =
        Arrays.stream(MetricName.values()).map(MetricName::descriptor).toList();

    assertThat(all).hasSize(56).doesNotHaveDuplicates();
    assertThat(all).noneMatch(descriptor -> descriptor.getHelp().isEmpty());
    assertThat(all).allMatch(descriptor -> descriptor.getName().matches("container_[a-z_]+"));
    assertThat(all)
        .allMatch(
            descriptor -> descriptor.getLabelKeysList().subList(0, 6).equals(MetricName.LABELS));
  }

  @Test
  void everyMeasurementHasAsManyValuesAsItsDescriptionHasLabels() {
    measured.details(DETAILS, _ -> "/dev/sda");
    measured.network(List.of(new InterfaceStatistics("eth0", 1, 2, 3, 4, 5, 6, 7, 8)));

    assertThat(measured.metrics())
        .hasSizeGreaterThan(15)
        .allMatch(metric -> metric.getLabelValuesCount() == labels(metric.getName()));
  }

  private static int labels(String name) {
    return MetricName.valueOf(name.toUpperCase(Locale.ROOT)).descriptor().getLabelKeysCount();
  }

  @Test
  void aDeviceIsToldByNameAndNumber() {
    measured.details(DETAILS, numbers -> numbers.equals("8:0") ? "/dev/sda" : "");

    Metric writes =
        measured.metrics().stream()
            .filter(metric -> metric.getName().equals("container_blkio_device_usage_total"))
            .filter(metric -> metric.getLabelValuesList().contains("Write"))
            .findFirst()
            .orElseThrow();
    assertThat(writes.getLabelValuesList().subList(6, 10))
        .containsExactly("/dev/sda", "8", "0", "Write");
    assertThat(writes.getValue().getValue()).isEqualTo(2);
    assertThat(writes.getMetricType()).isEqualTo(MetricType.COUNTER);
  }

  @Test
  void noLimitOfThreadsIsZero() {
    measured.details(DETAILS, numbers -> numbers);

    assertThat(measured.metrics())
        .anyMatch(metric ->
            metric.getName().equals("container_threads_max") && metric.getValue().getValue() == 0);
  }

  @Test
  void whatIsNotCountedIsLeftOut() {
    measured.add(MetricName.CONTAINER_MEMORY_CACHE, Statistics.UNKNOWN);

    assertThat(measured.metrics()).isEmpty();
  }

  @Test
  void labelsThatDoNotFitAreAMistakeOfOurs() {
    assertThatThrownBy(() -> measured.add(MetricName.CONTAINER_MEMORY_CACHE, 1, "eth0"))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
