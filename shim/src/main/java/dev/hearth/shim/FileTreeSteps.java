package dev.hearth.shim;

import dev.hearth.linux.Fd;
import dev.hearth.linux.MountAttribute;
import dev.hearth.linux.Propagation;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** Building a container's files, up to the moment they are all it sees. */
final class FileTreeSteps {
  /** 0 to 2 are stdio, 3 the plan, 4 the report. */
  private static final int FIRST_DESCRIPTOR = 5;

  /** 0755. */
  private static final int FOLDER_MODE = 0x1ED;

  private static final String CONSOLE = "/dev/console";

  private final FileTree files;
  private final Stdio stdio;
  private final ProcessSetup process;
  private final SortedMap<Integer, Fd> descriptors = new TreeMap<>();

  FileTreeSteps(FileTree files, Stdio stdio, ProcessSetup process) {
    this.files = files;
    this.stdio = stdio;
    this.process = process;
  }

  /** What the shim gets, by the numbers it gets them at. */
  SortedMap<Integer, Fd> descriptors() {
    return descriptors;
  }

  /** The number the shim gets it at. */
  int number(Fd fd) {
    int number = FIRST_DESCRIPTOR + descriptors.size();
    descriptors.put(number, fd);
    return number;
  }

  private int number(MountSource source) {
    return source instanceof MountSource.Detached(Fd mount) ? number(mount) : -1;
  }

  void addTo(List<Step> steps) {
    RootFileSystem root = files.root();
    build(MountBase.ROOT, steps);
    steps.add(new FileStep.Pivot());
    root.propagation()
        .ifPresent(propagation ->
            steps.add(
                new FileStep.ChangeMount(
                    "/", List.of(MountChange.propagating(false, propagation)))));
    if (root.readOnly()) {
      steps.add(new FileStep.ChangeMount("/", List.of(readOnly(false))));
    }
  }

  /** The same for a program that keeps seeing the host's files, and these among them. */
  void addForeign(Body.Restored restored, List<Step> steps) {
    build(restored.root(), steps);
    restored.exposed().forEach((path, at) -> steps.add(new FileStep.Expose(path, at)));
  }

  private void build(Path at, List<Step> steps) {
    RootFileSystem root = files.root();
    // What the host unmounts goes away here too; what is mounted here stays here.
    steps.add(new FileStep.SetPropagation(Propagation.SLAVE));
    steps.add(new FileStep.AttachRoot(root.source(), number(root.source()), at, root.changes()));
    for (ContainerMount mount : files.mounts()) {
      steps.add(new FileStep.AttachMount(mount, number(mount.source())));
    }
    for (ContainerFolder folder : files.folders()) {
      steps.add(
          new FileStep.MakeFolder(folder.path(), folder.permissions(), folder.uid(), folder.gid()));
    }
    // Now, while the root file system can still be written.
    steps.add(new FileStep.MakeFolder(process.workingDirectory(), FOLDER_MODE, 0, 0));
    files.devices().forEach(device -> steps.add(new FileStep.MakeDevice(device)));
    files.links().forEach(link -> steps.add(new FileStep.MakeLink(link.path(), link.target())));
    if (stdio instanceof Stdio.Terminal(Stdio.Input _, WindowSize size)) {
      steps.add(new FileStep.OpenTerminal(size, process.uid(), CONSOLE));
    }
    for (String path : files.readOnly()) {
      steps.add(new FileStep.Remount(path, List.of(readOnly(true))).skippingAbsent());
    }
    files.masked().forEach(path -> steps.add(new FileStep.Mask(path).skippingAbsent()));
  }

  private static MountChange readOnly(boolean recursive) {
    return MountChange.setting(recursive, Set.of(MountAttribute.READ_ONLY));
  }
}
