package dev.hearth.runtime.model;

/** The four parts of an SELinux context; all empty means none was asked for. */
public record SelinuxLabel(String user, String role, String type, String level) {
  public static final SelinuxLabel NONE = new SelinuxLabel("", "", "", "");
}
