package dev.hearth.runtime.model;

/** Says yes to everything, at no cost. */
record NoPlugins() implements NodePlugins, NodePlugins.Turn {
  @Override
  public Turn begin() {
    return this;
  }

  @Override
  public void podStopped(PodRecord pod) {}

  @Override
  public void podRemoved(PodRecord pod) {}

  @Override
  public void containerStopped(ContainerRecord container) {}

  @Override
  public void containerRemoved(ContainerRecord container) {}

  @Override
  public void admit(PodRecord pod) {}

  @Override
  public ContainerRecord admit(PodRecord pod, ContainerRecord container) {
    return container;
  }

  @Override
  public void created(ContainerRecord container) {}

  @Override
  public void starting(ContainerRecord container) {}

  @Override
  public void started(ContainerRecord container) {}

  @Override
  public Resources updating(ContainerRecord container, Resources change) {
    return change;
  }

  @Override
  public void updated(ContainerRecord container) {}

  @Override
  public void updating(PodRecord pod, Resources overhead, Resources resources) {}

  @Override
  public void updated(PodRecord pod) {}

  @Override
  public void close() {}
}
