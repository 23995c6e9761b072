package dev.hearth.runtime.model;

import java.time.Instant;

/** All that is durable about one sandbox. Replaced whole under the pod's lock. */
public record PodRecord(PodId id, PodSpec spec, Instant createdAt, PodState state) {
  public PodRecord with(PodState newState) {
    return new PodRecord(id, spec, createdAt, newState);
  }

  public PodRecord with(PodSpec newSpec) {
    return new PodRecord(id, newSpec, createdAt, state);
  }
}
