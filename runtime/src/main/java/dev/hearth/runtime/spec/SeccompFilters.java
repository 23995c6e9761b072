package dev.hearth.runtime.spec;

import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.model.SecurityContext;
import dev.hearth.runtime.spec.seccomp.Abi;
import dev.hearth.runtime.spec.seccomp.Circumstances;
import dev.hearth.runtime.spec.seccomp.ProfileJson;
import dev.hearth.runtime.spec.seccomp.RuntimeDefault;
import dev.hearth.runtime.spec.seccomp.SeccompCompiler;
import dev.hearth.runtime.spec.seccomp.SeccompProfile;
import dev.hearth.runtime.spec.seccomp.Syscalls;
import dev.hearth.shim.SeccompFilter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** The filter of a container's system calls. Thread-safe. */
final class SeccompFilters {
  /** Different sets of capabilities for which the default filter is kept. */
  private static final int KEPT = 64;

  private final Abi abi;
  private final String kernelRelease;
  private final SeccompCompiler compiler;
  private final RuntimeDefault defaults;

  /** By bounding set, the one unused for longest first; guarded by itself. */
  private final Map<Long, SeccompFilter> kept =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, SeccompFilter> eldest) {
          return size() > KEPT;
        }
      };

  SeccompFilters(Abi abi, String kernelRelease) {
    this.abi = abi;
    this.kernelRelease = kernelRelease;
    Syscalls syscalls = Syscalls.load();
    this.compiler = new SeccompCompiler(syscalls);
    this.defaults = new RuntimeDefault(syscalls);
  }

  /**
   * @param bounding the container's bounding set: a capability opens the calls it is about
   * @throws HearthException.InvalidRequest for a profile that is none
   */
  Optional<SeccompFilter> filter(SecurityContext security, long bounding, HostView host) {
    if (security.privileged()) {
      return Optional.empty();
    }
    return switch (security.seccomp().kind()) {
      case UNCONFINED -> Optional.empty();
      case RUNTIME_DEFAULT -> Optional.of(defaultFilter(bounding));
      case LOCALHOST -> Optional.of(local(security.seccomp().localhostRef(), bounding, host));
    };
  }

  SeccompFilter defaultFilter(long bounding) {
    synchronized (kept) {
      return kept.computeIfAbsent(bounding, b -> compile(defaults.profile(Capabilities.names(b))));
    }
  }

  /** A filter that a plugin gives, above what the request says. */
  SeccompFilter adjusted(String json, long bounding) {
    Circumstances around = new Circumstances(abi, Capabilities.names(bounding), kernelRelease);
    try {
      return compile(ProfileJson.parse("of a plugin", json, around));
    } catch (IllegalArgumentException e) {
      throw new HearthException.InvalidRequest("seccomp profile of a plugin: " + e.getMessage(), e);
    }
  }

  private SeccompFilter local(String reference, long bounding, HostView host) {
    Circumstances around = new Circumstances(abi, Capabilities.names(bounding), kernelRelease);
    String path = reference.startsWith("localhost/") ? reference.substring(10) : reference;
    try {
      return compile(ProfileJson.parse(path, host.seccompProfile(path), around));
    } catch (IllegalArgumentException e) {
      throw new HearthException.InvalidRequest(
          "seccomp profile " + path + ": " + e.getMessage(), e);
    }
  }

  private SeccompFilter compile(SeccompProfile profile) {
    return new SeccompFilter(compiler.compile(profile, abi), profile.flags());
  }
}
