package dev.hearth.runtime.model;

/** What the kubelet calls a container by; unique within its pod sandbox. */
public record ContainerMetadata(String name, int attempt) {
  public ContainerMetadata {
    Checks.name("container name", name);
  }

  @Override
  public String toString() {
    return name + " (attempt " + attempt + ")";
  }
}
