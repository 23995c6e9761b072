package dev.hearth.shim;

import dev.hearth.linux.Fd;
import dev.hearth.linux.MountAttribute;
import dev.hearth.linux.Namespace;
import dev.hearth.linux.Namespaces;
import dev.hearth.linux.Processes;
import dev.hearth.linux.Propagation;
import dev.hearth.linux.Signals;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeoutException;

/**
 * A mount namespace with next to nothing in it, for containers to start from. A new mount namespace
 * is a copy of another, and a copy of the daemon's costs 3 ms for every thousand mounts there, once
 * to make and once to give up. Nor does a container's process then see the host's files at all.
 *
 * <p>It has {@link #ROOT}; the host's /proc, for what a process sets there before its own is
 * mounted; /sys, without which the kernel lets no user namespace mount its own; and /dev/null, to
 * mask files with.
 */
final class MountBase {
  /** An empty folder to attach a root file system at. */
  static final Path ROOT = Path.of("/root");

  /** A folder every host has; it is covered in the new namespace only. */
  private static final Path AT = Path.of("/proc");

  private static final int FOLDER_MODE = 0x1ED;
  private static final Duration LIMIT = Duration.ofSeconds(20);

  private MountBase() {}

  private static Plan plan() {
    List<Step> steps = new ArrayList<>();
    steps.add(new ShimStep.NewNamespaces(Set.of(Namespace.MOUNT)));
    steps.add(new FileStep.SetPropagation(Propagation.SLAVE));
    MountSource tmpfs =
        new MountSource.FileSystem(
            "tmpfs",
            List.of(MountSource.Option.of("mode", "755"), MountSource.Option.of("nr_inodes", "16")),
            Set.of(MountAttribute.NO_SUID, MountAttribute.NO_DEVICES, MountAttribute.NO_EXEC));
    steps.add(new FileStep.AttachRoot(tmpfs, -1, AT, List.of()));
    for (Path shared : List.of(Path.of("/proc"), Path.of("/sys"), Path.of("/dev/null"))) {
      ContainerMount mount =
          new ContainerMount(
              new MountSource.Bind(shared, false),
              shared.toString(),
              false,
              List.of(MountChange.propagating(false, Propagation.PRIVATE)));
      steps.add(new FileStep.AttachMount(mount, -1));
    }
    steps.add(new FileStep.MakeFolder(ROOT.toString(), FOLDER_MODE, 0, 0));
    steps.add(new FileStep.Pivot());
    steps.add(
        new FileStep.ChangeMount(
            "/", List.of(MountChange.setting(false, Set.of(MountAttribute.READ_ONLY)))));
    steps.add(ProcessStep.Plain.of(ProcessStep.Kind.PAUSE));
    return new Plan(PlanKind.LAUNCH, steps, new TreeMap<>());
  }

  /** Makes one: a container without a program is started, and ended when its mounts are held. */
  static Fd make(ShimRun run) throws IOException {
    try {
      StartedContainer holder = run.launch(plan(), LIMIT);
      try (Fd process = holder.process().open()) {
        Fd mounts = Namespaces.open(Path.of("/proc/" + holder.process().pid() + "/ns/mnt"));
        Processes.signal(process, Signals.KILL);
        return mounts;
      }
    } catch (ShimException | TimeoutException e) {
      throw new IOException("cannot make a mount namespace for containers to start from", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while starting", e);
    }
  }
}
