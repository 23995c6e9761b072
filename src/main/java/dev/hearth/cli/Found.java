package dev.hearth.cli;

import dev.hearth.proto.cri.v1.Container;
import dev.hearth.proto.cri.v1.Image;
import dev.hearth.proto.cri.v1.PodSandbox;

/** Something an argument named. */
sealed interface Found {
  String id();

  /** As a person tells it from others, in a list of candidates. */
  String described();

  record OfPod(PodSandbox pod) implements Found {
    @Override
    public String id() {
      return pod.getId();
    }

    @Override
    public String described() {
      return "pod %s (%s/%s)"
          .formatted(
              Plain.shortId(pod.getId()),
              pod.getMetadata().getNamespace(),
              pod.getMetadata().getName());
    }
  }

  record OfContainer(Container container) implements Found {
    @Override
    public String id() {
      return container.getId();
    }

    @Override
    public String described() {
      return "container %s (%s in pod %s)"
          .formatted(
              Plain.shortId(container.getId()),
              container.getMetadata().getName(),
              Plain.shortId(container.getPodSandboxId()));
    }
  }

  record OfImage(Image image) implements Found {
    @Override
    public String id() {
      return image.getId();
    }

    @Override
    public String described() {
      String name =
          image.getRepoTagsCount() > 0
              ? image.getRepoTags(0)
              : image.getRepoDigestsCount() > 0 ? image.getRepoDigests(0) : "untagged";
      return "image %s (%s)".formatted(Plain.shortId(image.getId()), name);
    }
  }
}
