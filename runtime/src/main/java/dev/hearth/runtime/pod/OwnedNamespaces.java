package dev.hearth.runtime.pod;

import dev.hearth.linux.Fd;
import dev.hearth.linux.LinuxException;
import dev.hearth.linux.Namespace;
import dev.hearth.linux.Namespaces;
import dev.hearth.runtime.model.IdMapping;
import dev.hearth.runtime.model.UserNamespace;
import dev.hearth.runtime.spec.UserMaps;
import dev.hearth.shim.IdMaps;
import dev.hearth.shim.PinPlan;
import dev.hearth.shim.ShimException;
import dev.hearth.shim.ShimLauncher;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeoutException;

/** Makes a pod's user namespace and the namespaces that belong to it, by the shim's program. */
public final class OwnedNamespaces {
  private static final System.Logger LOG = System.getLogger("dev.hearth.pod");
  private static final Duration LIMIT = Duration.ofSeconds(20);

  /** As the kubelet gives the first of its pods. */
  private static final UserNamespace PROBE =
      new UserNamespace(
          List.of(new IdMapping(65_536, 0, 65_536)), List.of(new IdMapping(65_536, 0, 65_536)));

  private final ShimLauncher launcher;

  public OwnedNamespaces(ShimLauncher launcher) {
    this.launcher = launcher;
  }

  /**
   * @param pins where each namespace is pinned, USER among them
   * @param hostName of the new UTS namespace; empty for the node's
   * @param settings files of /proc/sys and what is written to them
   */
  void make(
      UserNamespace users, Map<Namespace, Path> pins, String hostName, Map<Path, String> settings)
      throws ShimException, LinuxException, TimeoutException, InterruptedException {
    Optional<String> name =
        pins.containsKey(Namespace.UTS)
            ? Optional.of(hostName).filter(given -> !given.isEmpty())
            : Optional.empty();
    pin(new PinPlan(pins, UserMaps.of(users), name, settings));
  }

  private void pin(PinPlan plan)
      throws ShimException, LinuxException, TimeoutException, InterruptedException {
    launcher.pin(plan, LIMIT);
  }

  /** What can be asked of a user namespace. */
  @FunctionalInterface
  public interface Question {
    boolean ask(Fd users) throws LinuxException, InterruptedException;
  }

  /**
   * Answers a question about a user namespace made for it; no where this node has none to give.
   *
   * @param pin where to pin it meanwhile
   */
  public boolean probe(Path pin, Question question) throws LinuxException, InterruptedException {
    IdMaps maps = UserMaps.of(PROBE);
    try {
      pin(PinPlan.of(Map.of(Namespace.USER, pin), maps));
      try (Fd users = Namespaces.open(pin)) {
        return question.ask(users);
      }
    } catch (ShimException | TimeoutException e) {
      LOG.log(System.Logger.Level.INFO, "no user namespaces for pods: {0}", e.getMessage());
      return false;
    } finally {
      Namespaces.unpin(pin);
    }
  }
}
