package dev.hearth.runtime.cgroup;

/** The fake. */
class FakeSystemdContract extends SystemdUnitsContract {
  private final FakeKernel kernel = FakeKernel.v2();
  private final FakeSystemd systemd = new FakeSystemd(kernel);

  @Override
  SystemdUnits units() {
    return systemd;
  }

  @Override
  Placeholders placeholders() {
    return systemd;
  }

  @Override
  boolean exists(CgroupPath group) {
    return kernel.exists(kernel.layout().unified().orElseThrow().folder(group));
  }

  @Override
  void awaitEnd(CgroupPath scope) {
    var _ = systemd.loaded();
  }
}
