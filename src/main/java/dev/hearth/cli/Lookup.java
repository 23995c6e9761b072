package dev.hearth.cli;

import dev.hearth.proto.cri.v1.Container;
import dev.hearth.proto.cri.v1.Image;
import dev.hearth.proto.cri.v1.PodSandbox;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Finds what an argument means: a whole id, the beginning of one, or a name. A whole id wins over
 * everything; otherwise the argument must mean one thing only. Of several attempts at one pod or
 * container its name means the latest.
 */
final class Lookup {
  private static final String SHA256 = "sha256:";
  private static final int CANDIDATES_SHOWN = 5;

  private Lookup() {}

  static List<Found> pods(Collection<PodSandbox> pods, String wanted) {
    return exactOr(
        pods.stream().map(Found.OfPod::new),
        wanted,
        Stream.concat(
                pods.stream().filter(pod -> pod.getId().startsWith(wanted)),
                latestPods(pods, wanted))
            .map(Found.OfPod::new));
  }

  static List<Found> containers(Collection<Container> containers, String wanted) {
    return exactOr(
        containers.stream().map(Found.OfContainer::new),
        wanted,
        Stream.concat(
                containers.stream().filter(container -> container.getId().startsWith(wanted)),
                latestContainers(containers, wanted))
            .map(Found.OfContainer::new));
  }

  static List<Found> images(Collection<Image> images, String wanted) {
    String full = wanted.startsWith(SHA256) ? wanted : SHA256 + wanted;
    return exactOr(
        images.stream().map(Found.OfImage::new),
        full,
        images.stream()
            .filter(image ->
                image.getId().startsWith(wanted)
                    || image.getId().startsWith(full)
                    || image.getRepoTagsList().contains(wanted)
                    || image.getRepoDigestsList().contains(wanted))
            .map(Found.OfImage::new));
  }

  /**
   * The only candidate.
   *
   * @param kind what was looked for, for the message: "container", "pod or image"
   * @throws CommandFailure if there is none, or more than one
   */
  static <F extends Found> F only(String kind, String wanted, List<F> candidates) {
    if (candidates.isEmpty()) {
      throw CommandFailure.notFound(
          "no %s has the id or name %s; see %s".formatted(kind, wanted, lister(kind)));
    }
    if (candidates.size() > 1) {
      throw CommandFailure.usage(
          "%s is ambiguous: %s; give more of the id".formatted(wanted, shown(candidates)));
    }
    return candidates.getFirst();
  }

  private static String lister(String kind) {
    return switch (kind) {
      case "container" -> "hearth ps -a";
      case "pod" -> "hearth pods";
      case "image" -> "hearth images";
      default -> "hearth pods, hearth ps -a, hearth images";
    };
  }

  private static String shown(List<? extends Found> candidates) {
    String shown =
        candidates.stream()
            .limit(CANDIDATES_SHOWN)
            .map(Found::described)
            .collect(Collectors.joining(", "));
    int more = candidates.size() - CANDIDATES_SHOWN;
    return more > 0 ? shown + " and " + more + " more" : shown;
  }

  private static List<Found> exactOr(
      Stream<? extends Found> all, String id, Stream<? extends Found> candidates) {
    if (id.isEmpty() || id.equals(SHA256)) {
      return List.of(); // Every id begins with it.
    }
    Optional<? extends Found> exact = all.filter(found -> found.id().equals(id)).findFirst();
    return exact.isPresent()
        ? List.of(exact.get())
        : candidates.distinct().collect(Collectors.toCollection(ArrayList::new));
  }

  private static Stream<PodSandbox> latestPods(Collection<PodSandbox> pods, String wanted) {
    var latest = new LinkedHashMap<List<String>, PodSandbox>();
    for (PodSandbox pod : pods) {
      var metadata = pod.getMetadata();
      String qualified = metadata.getNamespace() + "/" + metadata.getName();
      if (metadata.getName().equals(wanted) || qualified.equals(wanted)) {
        latest.merge(
            List.of(qualified, metadata.getUid()),
            pod,
            (a, b) -> a.getMetadata().getAttempt() >= b.getMetadata().getAttempt() ? a : b);
      }
    }
    return latest.values().stream();
  }

  private static Stream<Container> latestContainers(
      Collection<Container> containers, String wanted) {
    var latest = new LinkedHashMap<String, Container>();
    for (Container container : containers) {
      if (container.getMetadata().getName().equals(wanted)) {
        latest.merge(
            container.getPodSandboxId(),
            container,
            (a, b) -> a.getMetadata().getAttempt() >= b.getMetadata().getAttempt() ? a : b);
      }
    }
    return latest.values().stream();
  }
}
