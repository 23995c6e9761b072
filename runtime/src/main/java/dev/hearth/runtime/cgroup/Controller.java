package dev.hearth.runtime.cgroup;

/** The controllers Hearth uses (cgroups(7)), with their names in both versions. */
public enum Controller {
  CPU("cpu", "cpu"),
  CPUACCT("cpuacct", ""),
  CPUSET("cpuset", "cpuset"),
  MEMORY("memory", "memory"),
  PIDS("pids", "pids"),
  IO("blkio", "io"),
  HUGETLB("hugetlb", "hugetlb"),
  DEVICES("devices", ""),
  FREEZER("freezer", ""),
  /** The hierarchy without controllers in which systemd keeps its units apart on v1 hosts. */
  SYSTEMD("name=systemd", "");

  private final String v1;
  private final String v2;

  Controller(String v1, String v2) {
    this.v1 = v1;
    this.v2 = v2;
  }

  /** The name in a v1 mount's options. */
  public String v1() {
    return v1;
  }

  /** The name in {@code cgroup.controllers}; empty where v2 has no such controller. */
  public String v2() {
    return v2;
  }

  /** Whether v2 does the same without a controller: accounting in cpu.stat, cgroup.freeze, BPF. */
  boolean builtInV2() {
    return this == CPUACCT || this == FREEZER || this == DEVICES;
  }
}
