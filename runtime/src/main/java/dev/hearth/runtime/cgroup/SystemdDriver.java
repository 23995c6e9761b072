package dev.hearth.runtime.cgroup;

import dev.hearth.linux.BlockingCalls;
import dev.hearth.runtime.cgroup.CgroupException.Reason;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Groups as units of systemd's:
 *
 * <pre>
 * kubepods-…-podUID.slice                 the kubelet's
 *   kubepods-…-podUID-POD.slice           a pod
 *     hearth-CONTAINER.scope              a container with its shim, delegated
 *       shim
 *       container
 *     hearth-pause-POD.scope              likewise, for the pod's process 1
 * </pre>
 *
 * systemd ends a scope as soon as it is empty. So a placeholder holds it until the shim is in, and
 * from then on the shim does: its exit is later than that of all it looks after, and until then it
 * can read from the container's group why that ended. Whatever of these the daemon dies between,
 * the scope ends by itself when nobody is left in it.
 *
 * <p>Below a delegated scope systemd changes nothing. Limits are in the container's group and stay
 * as they are, whatever becomes of systemd; only what a scope has of its siblings' share is also
 * the scope's, as its properties.
 */
final class SystemdDriver implements GroupDriver {
  static final String CONTAINER = "container";
  static final String SHIM = "shim";
  static final String SCOPE = ".scope";
  static final String PREFIX = "hearth-";

  /** How long a shim may take to end by itself once nothing is left for it to look after. */
  private static final Duration LAST_MOMENT = Duration.ofSeconds(5);

  private final CgroupPath parent;
  private final Hierarchy unified;
  private final Tools tools;
  private final SystemdUnits units;

  /**
   * Of scopes that are being filled; here and not in a {@link Seat} alone, as that may get lost.
   */
  private final Map<CgroupPath, Placeholders.Held> held = new ConcurrentHashMap<>();

  /** What it works with. */
  record Tools(
      CgroupFiles files,
      BlockingCalls blocking,
      CgroupTree tree,
      Ticker ticker,
      Cgroups.Systemd systemd,
      GroupDriver.Groups groups) {}

  SystemdDriver(CgroupPath parent, Hierarchy unified, Tools tools) {
    this.parent = parent;
    this.unified = unified;
    this.tools = tools;
    this.units = tools.systemd().units();
  }

  @Override
  public void begin() throws CgroupException, InterruptedException {
    startSlice(parent, "pods of Hearth that name no parent");
  }

  @Override
  public CgroupPath podPath(String requested, String pod) throws CgroupException {
    return Slices.below(requested.isEmpty() ? parent : Slices.parse(requested), pod);
  }

  @Override
  public CgroupPath containerPath(CgroupPath pod, String container) {
    return scope(pod, container).child(CONTAINER);
  }

  /** Units have one space of names, so the pod's is in it. */
  @Override
  public CgroupPath pausePath(CgroupPath pod) {
    String stem = Slices.stem(pod);
    return scope(pod, "pause-" + stem.substring(stem.lastIndexOf('-') + 1)).child(CONTAINER);
  }

  private static CgroupPath scope(CgroupPath pod, String name) {
    return pod.child(PREFIX + name + SCOPE);
  }

  @Override
  public void makePod(Cgroup pod) throws CgroupException, InterruptedException {
    startSlice(pod.path(), "pod of Hearth");
  }

  private void startSlice(CgroupPath slice, String description)
      throws CgroupException, InterruptedException {
    List<UnitProperty> properties = new ArrayList<>(UnitProperties.COMMON);
    properties.add(new UnitProperty.Text("Description", description));
    try {
      units.start(slice.name(), properties);
    } catch (CgroupException e) {
      if (!e.is(Reason.BUSY)) {
        throw e;
      }
    }
  }

  @Override
  public Seat seat(Cgroup group, Limits limits) throws CgroupException, InterruptedException {
    CgroupPath scope = group.path().parent();
    Placeholders.Held placeholder = tools.systemd().placeholders().start();
    held.put(scope, placeholder);
    try {
      startScope(scope, placeholder.pid(), limits);
      Cgroup shim = tools.groups().of(scope.child(SHIM), List.of(unified));
      // As long as the scope itself has a process, handing down its controllers would make it the
      // root of a threaded tree, and nobody could join what is below (cgroup-v2.rst, "Threads").
      var _ = tools.files().makeFolder(unified.folder(shim.path()));
      move(placeholder, shim.path());
      group.make(limits);
      return new Seat(group, shim.join(), () -> release(scope));
    } catch (CgroupException | InterruptedException | RuntimeException e) {
      release(scope);
      throw e;
    }
  }

  private void startScope(CgroupPath scope, int placeholder, Limits limits)
      throws CgroupException, InterruptedException {
    List<UnitProperty> properties =
        UnitProperties.scope(scope.parent().name(), placeholder, limits);
    try {
      units.start(scope.name(), properties);
    } catch (CgroupException e) {
      if (!e.is(Reason.BUSY)) {
        throw e;
      }
      // One that failed stays until it is forgotten; one that runs is refused once more.
      units.forget(scope.name());
      units.start(scope.name(), properties);
    }
  }

  /** Only a scope without processes of its own hands its controllers down. */
  private void move(Placeholders.Held placeholder, CgroupPath to)
      throws CgroupException, InterruptedException {
    Path file = unified.folder(to).resolve("cgroup.procs");
    tools.blocking().run(() -> tools.files().write(file, Integer.toString(placeholder.pid())));
  }

  private void release(CgroupPath scope) throws InterruptedException {
    Placeholders.Held placeholder = held.remove(scope);
    if (placeholder != null) {
      placeholder.release();
    }
  }

  @Override
  public void changed(CgroupPath group, Limits limits) throws CgroupException {
    List<UnitProperty> shares = UnitProperties.shares(limits);
    if (shares.isEmpty() || !group.name().equals(CONTAINER)) {
      return;
    }
    try {
      units.set(group.parent().name(), shares);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CgroupException(
          Reason.TIMED_OUT, "set properties of " + group.parent().name() + ": interrupted", e);
    }
  }

  @Override
  public void remove(CgroupPath group, Duration timeout)
      throws CgroupException, InterruptedException {
    if (Slices.isSlice(group)) {
      removeSlice(group, timeout);
      return;
    }
    tools.tree().remove(List.of(unified), group, timeout);
    CgroupPath scope = group.parent();
    release(scope);
    if (!holds(() -> isGone(scope), LAST_MOMENT)) {
      // A shim that hangs. What it had to write down is lost, or written.
      killAll(scope);
      if (!holds(() -> isGone(scope), timeout)) {
        throw new CgroupException(
            Reason.BUSY, "remove cgroup " + scope + ": systemd does not end the scope");
      }
    }
  }

  private void removeSlice(CgroupPath slice, Duration timeout)
      throws CgroupException, InterruptedException {
    Path folder = unified.folder(slice);
    if (!holds(() -> tools.tree().pids(folder).isEmpty(), timeout)) {
      throw new CgroupException(
          Reason.BUSY,
          "remove cgroup " + slice + ": it still holds processes " + tools.tree().pids(folder));
    }
    units.stop(slice.name(), timeout);
    tools.tree().remove(List.of(unified), slice, timeout);
  }

  private boolean isGone(CgroupPath group) {
    return !tools.files().exists(unified.folder(group));
  }

  private void killAll(CgroupPath group) throws CgroupException {
    try {
      tools.files().write(unified.folder(group).resolve("cgroup.kill"), "1");
    } catch (CgroupException e) {
      if (!e.is(Reason.ABSENT)) {
        throw e;
      }
    }
  }

  /** Something that is true of a group, or soon will be. */
  @FunctionalInterface
  private interface Condition {
    boolean test() throws CgroupException;
  }

  private boolean holds(Condition condition, Duration timeout)
      throws CgroupException, InterruptedException {
    Patience patience = new Patience(tools.ticker(), timeout);
    while (!condition.test()) {
      if (!patience.wearsOn()) {
        return false;
      }
    }
    return true;
  }
}
