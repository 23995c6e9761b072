package dev.hearth.runtime.cgroup;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What Hearth's units are like (systemd.resource-control(5), systemd.scope(5)). */
final class UnitProperties {
  private static final long INFINITY = -1;

  /**
   * Of every unit. Without the default dependencies a shutdown stops it only after the services,
   * the kubelet among them, that may still want to end pods in their own order.
   */
  static final List<UnitProperty> COMMON =
      List.of(
          new UnitProperty.Flag("DefaultDependencies", false),
          new UnitProperty.Flag("CPUAccounting", true),
          new UnitProperty.Flag("MemoryAccounting", true),
          new UnitProperty.Flag("IOAccounting", true),
          new UnitProperty.Flag("TasksAccounting", true));

  private UnitProperties() {}

  /** A scope's, which is to begin with this process. */
  static List<UnitProperty> scope(String slice, int pid, Limits limits) {
    List<UnitProperty> properties = new ArrayList<>(COMMON);
    properties.add(new UnitProperty.Text("Description", "container of Hearth"));
    properties.add(new UnitProperty.Text("Slice", slice));
    properties.add(new UnitProperty.Pids("PIDs", List.of(pid)));
    properties.add(new UnitProperty.Flag("Delegate", true));
    properties.add(new UnitProperty.Amount("TasksMax", INFINITY));
    properties.add(new UnitProperty.Text("CollectMode", "inactive-or-failed"));
    properties.addAll(shares(limits));
    return properties;
  }

  /**
   * What is shared out among a pod's scopes, and would be lost on a group below one: weights, and
   * memory that is protected from the others. Empty if none of these is given.
   */
  static List<UnitProperty> shares(Limits limits) {
    Map<String, Long> shares = new TreeMap<>();
    if (limits.cpuShares() != 0) {
      shares.put("CPUWeight", Conversions.weight(limits.cpuShares()));
    }
    Map<String, String> unified = limits.unified();
    number(unified.get("cpu.weight")).ifPresent(value -> shares.put("CPUWeight", value));
    number(unified.get("io.weight")).ifPresent(value -> shares.put("IOWeight", value));
    number(unified.get("memory.min")).ifPresent(value -> shares.put("MemoryMin", value));
    number(unified.get("memory.low")).ifPresent(value -> shares.put("MemoryLow", value));
    return shares.entrySet().stream()
        .map(e -> (UnitProperty) new UnitProperty.Amount(e.getKey(), e.getValue()))
        .toList();
  }

  /** A number as these files take it. What is none, the file has refused, or is a device's own. */
  private static Optional<Long> number(@Nullable String text) {
    String value = text == null ? "" : text.strip().replaceFirst("^default +", "");
    if (value.equals(Conversions.MAX)) {
      return Optional.of(INFINITY);
    }
    try {
      return value.isEmpty() ? Optional.empty() : Optional.of(Long.parseLong(value));
    } catch (NumberFormatException e) {
      return Optional.empty();
    }
  }
}
