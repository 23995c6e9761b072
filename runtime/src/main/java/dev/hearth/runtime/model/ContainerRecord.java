package dev.hearth.runtime.model;

import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * All that is durable about one container. Replaced whole under the container's lock.
 *
 * @param imageId digest of the image's configuration, so that the container keeps its meaning when
 *     tags move
 * @param imageRef what list answers show: the image's repository digest, or its id
 * @param adjustment what plugins and CDI devices made of it, if they changed anything
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
    ContainerState state,
    Optional<Adjustment> adjustment) {

  public ContainerRecord with(ContainerState newState) {
    return new ContainerRecord(
        id, podId, spec, imageId, imageRef, image, user, createdAt, newState, adjustment);
  }

  public ContainerRecord with(ContainerSpec newSpec) {
    return new ContainerRecord(
        id, podId, newSpec, imageId, imageRef, image, user, createdAt, state, adjustment);
  }

  public ContainerRecord with(ImageConfig newImage) {
    return new ContainerRecord(
        id, podId, spec, imageId, imageRef, newImage, user, createdAt, state, adjustment);
  }

  public ContainerRecord with(ProcessUser newUser) {
    return new ContainerRecord(
        id, podId, spec, imageId, imageRef, image, newUser, createdAt, state, adjustment);
  }

  /** The same with what plugins made of it; its specification changes with that. */
  public ContainerRecord with(ContainerSpec newSpec, Adjustment newAdjustment) {
    return new ContainerRecord(
        id,
        podId,
        newSpec,
        imageId,
        imageRef,
        image,
        user,
        createdAt,
        state,
        Optional.of(newAdjustment));
  }

  /** What the caller asked for, whatever plugins made of it. */
  public ContainerSpec requested() {
    return adjustment.map(Adjustment::requested).orElse(spec);
  }

  /** The annotations as plugins see them. */
  public Map<String, String> adjustedAnnotations() {
    return adjustment.map(Adjustment::annotations).orElseGet(spec::annotations);
  }
}
