package dev.hearth.shim;

import java.util.List;

/** Joining control groups. */
final class CgroupSteps {
  private CgroupSteps() {}

  static void add(CgroupJoins joins, List<Step> steps) {
    joins
        .unified()
        .ifPresent(path -> steps.add(new ShimStep.AtPath(ShimStep.PathKind.CGROUP_DIR, path)));
    joins
        .files()
        .forEach(path -> steps.add(new ShimStep.AtPath(ShimStep.PathKind.CGROUP_JOIN, path)));
  }
}
