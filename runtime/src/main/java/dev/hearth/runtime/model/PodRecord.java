package dev.hearth.runtime.model;

import java.time.Instant;
import java.util.Optional;

/**
 * All that is durable about one sandbox. Replaced whole under the pod's lock.
 *
 * @param usersChosen whether the user namespace was not the request's but its runtime handler's to
 *     choose
 */
public record PodRecord(
    PodId id, PodSpec spec, Instant createdAt, PodState state, boolean usersChosen) {

  /** One that is as its request says. */
  public PodRecord(PodId id, PodSpec spec, Instant createdAt, PodState state) {
    this(id, spec, createdAt, state, false);
  }

  public PodRecord with(PodState newState) {
    return new PodRecord(id, spec, createdAt, newState, usersChosen);
  }

  public PodRecord with(PodSpec newSpec) {
    return new PodRecord(id, newSpec, createdAt, state, usersChosen);
  }

  /** The same in a user namespace that nobody asked for. */
  public PodRecord with(UserNamespace chosen) {
    return new PodRecord(id, spec.with(chosen), createdAt, state, true);
  }

  /** What a request means for this pod, if it is a repeat of the one that made it. */
  public PodSpec completed(PodSpec request) {
    Optional<UserNamespace> users = spec.namespaces().user();
    return usersChosen && users.isPresent() && request.namespaces().user().isEmpty()
        ? request.with(users.get())
        : request;
  }

  /** A container's request with the user namespace that its caller does not know of. */
  public ContainerSpec completed(ContainerSpec request) {
    Optional<UserNamespace> users = spec.namespaces().user();
    return usersChosen && users.isPresent() && request.security().namespaces().user().isEmpty()
        ? request.with(users.get())
        : request;
  }
}
