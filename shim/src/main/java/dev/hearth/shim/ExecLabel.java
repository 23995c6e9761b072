package dev.hearth.shim;

/**
 * What a security module is told before the exec, by a file of /proc/self/attr.
 *
 * @param attribute the file, such as {@code exec} (SELinux) or {@code apparmor/exec}
 * @param value the label; for AppArmor {@code exec PROFILE}
 */
public record ExecLabel(String attribute, String value) {
  public static ExecLabel selinux(String label) {
    return new ExecLabel("exec", label);
  }

  public static ExecLabel apparmor(String profile) {
    return new ExecLabel("apparmor/exec", "exec " + profile);
  }

  String path() {
    return "/proc/self/attr/" + attribute;
  }
}
