package dev.hearth.runtime.spec;

import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.model.SecurityContext;
import dev.hearth.runtime.model.SecurityProfile;
import dev.hearth.runtime.model.SelinuxLabel;
import dev.hearth.shim.ExecLabel;
import java.util.Optional;

/** What the kernel's security module is told of a container's processes. */
final class ExecLabels {
  private static final String PREFIX = "localhost/";

  private final NodeFacts facts;
  private final HostView host;

  ExecLabels(NodeFacts facts, HostView host) {
    this.facts = facts;
    this.host = host;
  }

  /**
   * @throws HearthException.Unsupported for confinement that was asked for and cannot be had here
   * @throws HearthException.InvalidRequest for a profile that is not loaded
   */
  Optional<ExecLabel> label(SecurityContext security) {
    SelinuxLabel selinux = security.selinux();
    // A privileged container's label only widens what it may do.
    if (!selinux.equals(SelinuxLabel.NONE) && !facts.seLinux() && !security.privileged()) {
      throw new HearthException.Unsupported(
          "SELinux label " + selinux.type() + " cannot be had: this kernel runs no SELinux");
    }
    if (facts.seLinux() && !selinux.equals(SelinuxLabel.NONE)) {
      return Optional.of(ExecLabel.selinux(selinux(selinux)));
    }
    return appArmor(security).map(ExecLabel::apparmor);
  }

  /** What is left out is as container-selinux has it. */
  private static String selinux(SelinuxLabel label) {
    return String.join(
        ":",
        given(label.user(), "system_u"),
        given(label.role(), "system_r"),
        given(label.type(), "container_t"),
        given(label.level(), "s0"));
  }

  private static String given(String part, String otherwise) {
    return part.isEmpty() ? otherwise : part;
  }

  private Optional<String> appArmor(SecurityContext security) {
    if (security.apparmor().isEmpty()) {
      return security.privileged() ? Optional.empty() : facts.appArmorDefault();
    }
    SecurityProfile profile = security.apparmor().get();
    return switch (profile.kind()) {
      case UNCONFINED -> Optional.empty();
      case RUNTIME_DEFAULT -> security.privileged() ? Optional.empty() : theDefault();
      case LOCALHOST -> Optional.of(loaded(profile.localhostRef()));
    };
  }

  private Optional<String> theDefault() {
    requireAppArmor("runtime/default");
    if (facts.appArmorDefault().isEmpty()) {
      throw new HearthException.Unsupported(
          "the default AppArmor profile is not loaded: install apparmor_parser (Debian: apparmor)"
              + " and restart hearthd");
    }
    return facts.appArmorDefault();
  }

  private String loaded(String reference) {
    String name = reference.startsWith(PREFIX) ? reference.substring(PREFIX.length()) : reference;
    requireAppArmor(name);
    if (name.isEmpty() || name.indexOf('\n') >= 0 || !host.appArmorLoaded(name)) {
      throw new HearthException.InvalidRequest(
          "AppArmor profile " + name + " is not loaded: load it with apparmor_parser");
    }
    return name;
  }

  private void requireAppArmor(String profile) {
    if (!facts.appArmor()) {
      throw new HearthException.Unsupported(
          "AppArmor profile " + profile + " cannot be had: this kernel runs no AppArmor");
    }
  }
}
