package dev.hearth.runtime.model;

/** Identifies a container: 64 lower-case hexadecimal digits. */
public record ContainerId(String value) implements Comparable<ContainerId> {
  public ContainerId {
    Ids.check("container", value);
  }

  /** Whether a name, of a file say, is a container's id. */
  public static boolean isValid(String name) {
    return Ids.isValid(name);
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
