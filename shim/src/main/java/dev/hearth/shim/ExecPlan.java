package dev.hearth.shim;

import dev.hearth.linux.Namespace;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * How a process is started in a container that runs.
 *
 * @param enter the namespaces of the container's first process to join, but PID, which needs no
 *     joining; naming one that is the daemon's own is harmless, but for the user namespace
 * @param cgroups the container's, or some below
 * @param idMaps of the container's user namespace, if it has one
 * @param terminal a terminal of this size instead of the descriptors given
 */
public record ExecPlan(
    Set<Namespace> enter,
    CgroupJoins cgroups,
    Optional<IdMaps> idMaps,
    Optional<WindowSize> terminal,
    ProcessSetup process) {
  public ExecPlan {
    Set<Namespace> all = EnumSet.noneOf(Namespace.class);
    all.addAll(enter);
    all.remove(Namespace.PID);
    enter = Set.copyOf(all);
    if (!(process.body() instanceof Body.Program)) {
      throw new IllegalArgumentException("an exec needs a program");
    }
  }

  /** A process in all of a container's namespaces and control groups. */
  public static ExecPlan in(LaunchPlan container, ProcessSetup process) {
    return new ExecPlan(
        container.namespaces().entered(),
        container.cgroups(),
        container.namespaces().idMaps(),
        Optional.empty(),
        process);
  }

  /** The same with a terminal. */
  public ExecPlan withTerminal(WindowSize size) {
    return new ExecPlan(enter, cgroups, idMaps, Optional.of(size), process);
  }

  Plan compile() {
    List<Step> steps = new ArrayList<>();
    CgroupSteps.add(cgroups, steps);
    steps.add(ProcessSteps.ownStreams(process, idMaps));
    ProcessSteps.beforePivot(process, steps);
    steps.add(new FileStep.Enter(enter));
    if (enter.contains(Namespace.USER)) {
      steps.add(new ProcessStep.BecomeUser(0, 0, List.of()));
    }
    terminal.ifPresent(size -> steps.add(new FileStep.OpenTerminal(size, process.uid(), "")));
    ProcessSteps.afterPivot(process, steps);
    return Plan.of(PlanKind.EXEC, steps);
  }
}
