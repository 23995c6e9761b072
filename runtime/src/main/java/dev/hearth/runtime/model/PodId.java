package dev.hearth.runtime.model;

/** Identifies a pod sandbox: 64 lower-case hexadecimal digits. */
public record PodId(String value) implements Comparable<PodId> {
  public PodId {
    Ids.check("pod sandbox", value);
  }

  /** Whether a name, of a file say, is a pod's id. */
  public static boolean isValid(String name) {
    return Ids.isValid(name);
  }

  @Override
  public int compareTo(PodId other) {
    return value.compareTo(other.value);
  }

  @Override
  public String toString() {
    return value;
  }
}
