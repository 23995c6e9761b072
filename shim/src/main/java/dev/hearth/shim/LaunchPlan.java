package dev.hearth.shim;

import dev.hearth.linux.Fd;
import dev.hearth.linux.Namespace;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * How a container is started and looked after. Pure: {@link ShimLauncher} carries it out.
 *
 * @param cgroups of the container
 * @param process its first
 */
public record LaunchPlan(
    Supervision supervision,
    Stdio stdio,
    CgroupJoins cgroups,
    NamespaceSetup namespaces,
    FileTree files,
    ProcessSetup process) {
  /** 0640: the kubelet reads it as root, log collectors often by a group. */
  private static final int LOG_MODE = 0x1A0;

  /**
   * @param mountBase the mount namespace to copy
   */
  Plan compile(Fd mountBase) {
    if (process.body() instanceof Body.Restored restored) {
      return restore(restored);
    }
    List<Step> steps = new ArrayList<>();
    FileTreeSteps tree = new FileTreeSteps(files, stdio, process);
    steps.add(new ShimStep.StartFromMounts(tree.number(mountBase)));
    shimSteps(steps);
    containerSteps(steps);
    sysctls(steps);
    tree.addTo(steps);
    ProcessSteps.afterPivot(process, steps);
    return new Plan(PlanKind.LAUNCH, steps, tree.descriptors());
  }

  private void sysctls(List<Step> steps) {
    namespaces
        .sysctls()
        .forEach((name, value) ->
            steps.add(new FileStep.WriteFile("/proc/sys/" + name.replace('.', '/'), value)));
  }

  private Plan restore(Body.Restored restored) {
    if (namespaces.isUserNamespaced()
        || !namespaces.created().contains(Namespace.PID)
        || stdio instanceof Stdio.Terminal) {
      throw new IllegalArgumentException(
          "processes with a terminal, with a user namespace or without a PID namespace of their own"
              + " cannot be restored");
    }
    List<Step> steps = new ArrayList<>();
    FileTreeSteps tree = new FileTreeSteps(files, stdio, process);
    shimSteps(steps);
    CgroupSteps.add(cgroups, steps);
    steps.add(ProcessSteps.ownStreams(process, namespaces.idMaps()));
    NamespaceSteps.add(namespaces.without(Namespace.PID), steps);
    steps.add(new ShimStep.Successor(restored.pidFile(), Set.of(Namespace.PID)));
    sysctls(steps);
    tree.addForeign(restored, steps);
    ProcessSteps.restore(restored, steps);
    return new Plan(PlanKind.LAUNCH, steps, tree.descriptors());
  }

  private void shimSteps(List<Step> steps) {
    CgroupJoins own = supervision.cgroups();
    own.unified().ifPresent(path -> steps.add(at(ShimStep.PathKind.SHIM_CGROUP_DIR, path)));
    own.files().forEach(path -> steps.add(at(ShimStep.PathKind.SHIM_CGROUP, path)));
    supervision
        .oomScoreAdjustment()
        .ifPresent(score ->
            steps.add(
                new ShimStep.WriteHostFile(ProcessSteps.OOM_SCORE_ADJ, Integer.toString(score))
                    .soft()));
    steps.add(at(ShimStep.PathKind.CONTROL, supervision.control()));
    steps.add(at(ShimStep.PathKind.EXIT_RECORD, supervision.exitRecord()));
    supervision
        .log()
        .ifPresent(log -> steps.add(new ShimStep.Log(log.path(), LOG_MODE, log.lineLimit())));
    supervision
        .oomCounter()
        .ifPresent(counter -> steps.add(new ShimStep.OomCounter(counter.path(), counter.key())));
    supervision
        .writeAtExit()
        .ifPresent(write -> steps.add(new ShimStep.WriteAtExit(write.path(), write.content())));
    steps.add(new ShimStep.Drain(supervision.drain()));
    steps.add(
        switch (stdio) {
          case Stdio.Nothing _ -> new ShimStep.Streams(0, 0);
          case Stdio.Pipes pipes -> new ShimStep.Streams(1, pipes.input().number());
          case Stdio.Terminal terminal -> new ShimStep.Streams(2, terminal.input().number());
        });
  }

  private void containerSteps(List<Step> steps) {
    CgroupSteps.add(cgroups, steps);
    steps.add(ProcessSteps.ownStreams(process, namespaces.idMaps()));
    // Written through the host's /proc, which is still there, and as the host's root.
    ProcessSteps.beforePivot(process, steps);
    NamespaceSteps.add(namespaces, steps);
  }

  private static Step at(ShimStep.PathKind kind, Path path) {
    return new ShimStep.AtPath(kind, path);
  }
}
