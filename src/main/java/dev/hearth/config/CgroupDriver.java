package dev.hearth.config;

/** Who makes the cgroups of pods. The kubelet must use the same one; RuntimeConfig tells it. */
public enum CgroupDriver {
  /** systemd where it is process 1, otherwise the file system. */
  AUTO,
  /** The daemon makes the folders itself. */
  CGROUPFS,
  /** systemd makes slices and scopes. */
  SYSTEMD
}
