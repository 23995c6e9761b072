package dev.hearth.runtime.model;

/**
 * A seccomp or AppArmor profile.
 *
 * @param localhostRef path (seccomp) or name (AppArmor); empty unless {@code kind} is LOCALHOST
 */
public record SecurityProfile(Kind kind, String localhostRef) {
  /** Where a profile comes from. */
  public enum Kind {
    RUNTIME_DEFAULT,
    UNCONFINED,
    LOCALHOST
  }

  public static final SecurityProfile UNCONFINED = new SecurityProfile(Kind.UNCONFINED, "");
  public static final SecurityProfile RUNTIME_DEFAULT =
      new SecurityProfile(Kind.RUNTIME_DEFAULT, "");

  public SecurityProfile {
    Checks.text("profile", localhostRef);
    if ((kind == Kind.LOCALHOST) == localhostRef.isEmpty()) {
      throw new HearthException.InvalidRequest(
          "a localhost profile needs a reference, and no other may have one");
    }
  }
}
