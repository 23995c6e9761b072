package dev.hearth.runtime.model;

import java.time.Instant;

/**
 * All that is durable about one container. Replaced whole under the container's lock.
 *
 * @param imageId digest of the image's configuration, so that the container keeps its meaning when
 *     tags move
 * @param imageRef what list answers show: the image's repository digest, or its id
 */
public record ContainerRecord(
    ContainerId id,
    PodId podId,
    ContainerSpec spec,
    Digest imageId,
    String imageRef,
    ImageConfig image,
    ProcessUser user,
    Instant createdAt,
    ContainerState state) {

  public ContainerRecord with(ContainerState newState) {
    return new ContainerRecord(
        id, podId, spec, imageId, imageRef, image, user, createdAt, newState);
  }

  public ContainerRecord with(ContainerSpec newSpec) {
    return new ContainerRecord(
        id, podId, newSpec, imageId, imageRef, image, user, createdAt, state);
  }

  public ContainerRecord with(ProcessUser newUser) {
    return new ContainerRecord(
        id, podId, spec, imageId, imageRef, image, newUser, createdAt, state);
  }
}
