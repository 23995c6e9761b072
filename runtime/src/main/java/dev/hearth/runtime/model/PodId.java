package dev.hearth.runtime.model;

/** Identifies a pod sandbox: 64 lower-case hexadecimal digits. */
public record PodId(String value) implements Comparable<PodId> {
  public PodId {
    Ids.check("pod sandbox", value);
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
