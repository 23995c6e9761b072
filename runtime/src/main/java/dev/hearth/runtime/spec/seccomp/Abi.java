package dev.hearth.runtime.spec.seccomp;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A way to make system calls. A kernel offers its native one and often older ones beside it; each
 * has its own numbers, and a filter that forgets one leaves a door open.
 */
public enum Abi {
  X86_64("SCMP_ARCH_X86_64", 0xC000_003E),
  X86("SCMP_ARCH_X86", 0x4000_0003),
  /** Shares x86_64's architecture token; its numbers have bit 30 set. */
  X32("SCMP_ARCH_X32", 0xC000_003E),
  AARCH64("SCMP_ARCH_AARCH64", 0xC000_00B7),
  ARM("SCMP_ARCH_ARM", 0x4000_0028);

  /** __X32_SYSCALL_BIT. */
  static final int X32_BIT = 0x4000_0000;

  private final String profileName;
  private final int auditArch;

  Abi(String profileName, int auditArch) {
    this.profileName = profileName;
    this.auditArch = auditArch;
  }

  /** The name in a profile's list of architectures. */
  String profileName() {
    return profileName;
  }

  /** AUDIT_ARCH_* as the kernel puts it into struct seccomp_data. */
  int auditArch() {
    return auditArch;
  }

  /** Those that a kernel of this architecture may offer beside its own. */
  List<Abi> guests() {
    return switch (this) {
      case X86_64 -> List.of(X86, X32);
      case AARCH64 -> List.of(ARM);
      case X86, X32, ARM -> List.of();
    };
  }

  /** The name that profiles give it where a rule depends on the architecture. */
  String goName() {
    return switch (this) {
      case X86_64 -> "amd64";
      case X86 -> "x86";
      case X32 -> "x32";
      case AARCH64 -> "arm64";
      case ARM -> "arm";
    };
  }

  static Optional<Abi> named(String profileName) {
    return Arrays.stream(values()).filter(a -> a.profileName.equals(profileName)).findFirst();
  }

  /**
   * The native one of this machine.
   *
   * @param osArch the system property {@code os.arch}
   */
  public static Abi of(String osArch) {
    return switch (osArch) {
      case "amd64", "x86_64" -> X86_64;
      case "aarch64" -> AARCH64;
      default -> throw new IllegalArgumentException("unsupported architecture: " + osArch);
    };
  }
}
