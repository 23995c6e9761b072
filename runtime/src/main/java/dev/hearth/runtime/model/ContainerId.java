package dev.hearth.runtime.model;

/** Identifies a container: 64 lower-case hexadecimal digits. */
public record ContainerId(String value) implements Comparable<ContainerId> {
  public ContainerId {
    Ids.check("container", value);
  }

  @Override
  public int compareTo(ContainerId other) {
    return value.compareTo(other.value);
  }

  @Override
  public String toString() {
    return value;
  }
}
