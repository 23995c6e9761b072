package dev.hearth.runtime.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What plugins and CDI devices made of a container that its specification cannot say. What it can
 * say is changed in there.
 *
 * @param requested the specification before it was changed: what a repeat of the request is
 *     compared with
 * @param annotations all of them, as plugins see them; what the caller sees is what it gave
 * @param removedVariables names of variables that not even the image sets
 * @param devices beside the request's
 * @param seccomp a profile in the shape of the OCI runtime specification, above the request's
 */
public record Adjustment(
    ContainerSpec requested,
    Map<String, String> annotations,
    Set<String> removedVariables,
    List<ProcessLimit> limits,
    List<GivenDevice> devices,
    Optional<String> seccomp) {
  public Adjustment {
    annotations = Checks.map("adjusted annotations", annotations);
    removedVariables = Set.copyOf(removedVariables);
    limits = List.copyOf(limits);
    devices = List.copyOf(devices);
  }

  /** Nothing that the specification cannot say. */
  public static Adjustment of(ContainerSpec requested) {
    return new Adjustment(
        requested, requested.annotations(), Set.of(), List.of(), List.of(), Optional.empty());
  }

  /** The same with further devices. */
  public Adjustment and(List<GivenDevice> more) {
    List<GivenDevice> all = new ArrayList<>(devices);
    all.addAll(more);
    return new Adjustment(requested, annotations, removedVariables, limits, all, seccomp);
  }
}
