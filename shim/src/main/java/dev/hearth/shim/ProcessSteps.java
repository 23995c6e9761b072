package dev.hearth.shim;

import dev.hearth.shim.ProcessStep.CapabilityKind;
import dev.hearth.shim.ProcessStep.Kind;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Turning a process into its program; the order is what this class knows. */
final class ProcessSteps {
  static final Path OOM_SCORE_ADJ = Path.of("/proc/self/oom_score_adj");

  private ProcessSteps() {}

  /** Whose the pipes are, in the host's ids. */
  static Step ownStreams(ProcessSetup process, Optional<IdMaps> idMaps) {
    return new ShimStep.OwnStreams(
        idMaps.map(maps -> maps.hostUser(process.uid())).orElse(process.uid()),
        idMaps.map(maps -> maps.hostGroup(process.gid())).orElse(process.gid()));
  }

  /** What needs the host's /proc: the container's may be anything. */
  static void beforePivot(ProcessSetup process, List<Step> steps) {
    process
        .oomScoreAdjustment()
        .ifPresent(score ->
            steps.add(
                new FileStep.WriteFile(OOM_SCORE_ADJ.toString(), Integer.toString(score)).soft()));
    process
        .label()
        .ifPresent(label -> steps.add(new FileStep.WriteFile(label.path(), label.value())));
  }

  /**
   * What is done in the container's file system.
   *
   * <p>The working directory is entered, as root, before the user changes: it may be one that only
   * root can pass through to. Then descriptors are closed, so that neither the filter nor the
   * program meets them. Dropping from the bounding set takes CAP_SETPCAP, and a filter without
   * no_new_privs CAP_SYS_ADMIN: both come before the user changes. With no_new_privs the filter
   * comes last and need not allow anything but the exec.
   */
  static void afterPivot(ProcessSetup process, List<Step> steps) {
    steps.add(new ProcessStep.ChangeFolder(process.workingDirectory()));
    process.limits().forEach(limit -> steps.add(new ProcessStep.Limit(limit).soft()));
    steps.add(ProcessStep.Plain.of(Kind.UMASK, process.umask()));
    steps.add(ProcessStep.Plain.of(Kind.CLOSE_FDS));
    CapabilitySets capabilities = process.capabilities();
    steps.add(ProcessStep.Capability.of(CapabilityKind.BOUNDING, capabilities.bounding()));
    if (!process.noNewPrivileges()) {
      process.seccomp().ifPresent(filter -> steps.add(new ProcessStep.Seccomp(filter)));
    }
    // From root to another user the kernel would drop all capabilities, also those to be kept.
    steps.add(ProcessStep.Plain.of(Kind.KEEP_CAPS, 1));
    steps.add(new ProcessStep.BecomeUser(process.uid(), process.gid(), process.groups()));
    steps.add(ProcessStep.Plain.of(Kind.KEEP_CAPS, 0));
    steps.add(
        ProcessStep.Capability.of(
            CapabilityKind.CAPABILITIES,
            capabilities.effective(),
            capabilities.permitted(),
            capabilities.inheritable()));
    steps.add(ProcessStep.Capability.of(CapabilityKind.AMBIENT, capabilities.ambient()));
    if (process.noNewPrivileges()) {
      steps.add(ProcessStep.Plain.of(Kind.NO_NEW_PRIVS));
      process.seccomp().ifPresent(filter -> steps.add(new ProcessStep.Seccomp(filter)));
    }
    steps.add(
        switch (process.body()) {
          case Body.Program program -> new ProcessStep.Exec(program);
          case Body.Pause _ -> ProcessStep.Plain.of(Kind.PAUSE);
          case Body.Restored restored -> throw notHere(restored);
        });
  }

  private static IllegalArgumentException notHere(Body.Restored restored) {
    return new IllegalArgumentException("only a launch restores: " + restored.program());
  }

  /** The program that restores keeps the rights it needs for that. */
  static void restore(Body.Restored restored, List<Step> steps) {
    steps.add(ProcessStep.Plain.of(Kind.CLOSE_FDS));
    steps.add(ProcessStep.Plain.of(Kind.STDIO_ASIDE, Body.Restored.FIRST_STREAM));
    steps.add(
        new ProcessStep.Exec(new Body.Program(restored.program(), restored.environment(), "")));
  }
}
