package dev.hearth.runtime.cdi;

/** Versions of the specification, the oldest that is read first. */
enum SpecVersion {
  V0_3("0.3.0"),
  V0_4("0.4.0"),
  V0_5("0.5.0"),
  V0_6("0.6.0"),
  V0_7("0.7.0"),
  V0_8("0.8.0"),
  V1_0("1.0.0"),
  V1_1("1.1.0");

  static final SpecVersion FIRST = V0_3;

  private final String text;

  SpecVersion(String text) {
    this.text = text;
  }

  static SpecVersion of(String text) throws BrokenSpecException {
    for (SpecVersion version : values()) {
      if (text.equals(version.text) || text.equals("v" + version.text)) {
        return version;
      }
    }
    throw new BrokenSpecException(
        "cdiVersion " + text + " is none of " + FIRST + " to " + V1_1 + " that Hearth knows");
  }

  @Override
  public String toString() {
    return text;
  }
}
