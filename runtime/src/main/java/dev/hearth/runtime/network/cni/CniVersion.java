package dev.hearth.runtime.network.cni;

import java.util.Arrays;
import java.util.Optional;

/** A version of the specification that is spoken here. Later ones are greater. */
enum CniVersion {
  V0_3_0("0.3.0"),
  V0_3_1("0.3.1"),
  V0_4_0("0.4.0"),
  V1_0_0("1.0.0"),
  V1_1_0("1.1.0");

  private final String text;

  CniVersion(String text) {
    this.text = text;
  }

  static Optional<CniVersion> of(String text) {
    return Arrays.stream(values()).filter(version -> version.text.equals(text)).findFirst();
  }

  /** CHECK, and the result of ADD handed to DEL, came with 0.4.0. */
  boolean checks() {
    return compareTo(V0_4_0) >= 0;
  }

  /** STATUS and GC came with 1.1.0. */
  boolean reportsAndCollects() {
    return compareTo(V1_1_0) >= 0;
  }

  /** Up to 0.4.0 each address of a result says of which family it is. */
  boolean namesFamilies() {
    return compareTo(V1_0_0) < 0;
  }

  @Override
  public String toString() {
    return text;
  }
}
