package dev.hearth.runtime.cgroup;

import java.util.EnumSet;
import java.util.Set;

/** Limits where some controllers are on v1 and others in the v2 tree. */
final class HybridLimits implements LimitFiles {
  private final LimitFiles v1;
  private final LimitFiles v2;
  private final Set<Controller> onV1;
  private final Set<Controller> onV2;

  HybridLimits(LimitFiles v1, LimitFiles v2, Set<Controller> onV2) {
    this.v1 = v1;
    this.v2 = v2;
    this.onV2 = Set.copyOf(onV2);
    EnumSet<Controller> rest = EnumSet.allOf(Controller.class);
    rest.removeAll(onV2);
    this.onV1 = Set.copyOf(rest);
  }

  @Override
  public void apply(Limits limits, LimitWriter out) throws CgroupException {
    // The v1 side refuses unified settings.
    v1.apply(limits.only(onV1), out);
    if (!onV2.isEmpty()) {
      v2.apply(limits.only(onV2).withoutUnified(), out);
    }
  }
}
