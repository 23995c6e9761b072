package dev.hearth.cli;

import dev.hearth.proto.cri.v1.ImageSpec;
import dev.hearth.proto.cri.v1.ImageStatusRequest;
import dev.hearth.proto.cri.v1.ImageStatusResponse;
import dev.hearth.proto.cri.v1.ListContainersRequest;
import dev.hearth.proto.cri.v1.ListImagesRequest;
import dev.hearth.proto.cri.v1.ListPodSandboxRequest;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** Asks the daemon what a word names. */
final class Search {
  private Search() {}

  /**
   * The one thing a word names.
   *
   * @param wanted a whole id, the beginning of one, or a name
   * @param kinds what it may be taken for, one at least
   * @throws CommandFailure if it names nothing, or more than one thing
   */
  static Found one(String wanted, Set<Kind> kinds, Daemon daemon) {
    var found = new ArrayList<Found>();
    if (kinds.contains(Kind.POD)) {
      var pods = daemon.runtime().listPodSandbox(ListPodSandboxRequest.getDefaultInstance());
      found.addAll(Lookup.pods(pods.getItemsList(), wanted));
    }
    if (kinds.contains(Kind.CONTAINER)) {
      var all = daemon.runtime().listContainers(ListContainersRequest.getDefaultInstance());
      found.addAll(Lookup.containers(all.getContainersList(), wanted));
    }
    if (kinds.contains(Kind.IMAGE)) {
      found.addAll(images(wanted, daemon));
    }
    String kind = kinds.stream().sorted().map(Kind::word).collect(Collectors.joining(" or "));
    return Lookup.only(kind, wanted, found);
  }

  /** All that the daemon tells of an image. */
  static ImageStatusResponse imageStatus(String image, Daemon daemon) {
    return daemon
        .images()
        .imageStatus(
            ImageStatusRequest.newBuilder()
                .setImage(ImageSpec.newBuilder().setImage(image))
                .setVerbose(true)
                .build());
  }

  /** The daemon knows how short names are completed; beginnings of ids are our own service. */
  private static List<Found> images(String wanted, Daemon daemon) {
    var images = daemon.images().listImages(ListImagesRequest.getDefaultInstance());
    List<Found> found = Lookup.images(images.getImagesList(), wanted);
    if (!found.isEmpty()) {
      return found;
    }
    try {
      ImageStatusResponse answer = imageStatus(wanted, daemon);
      return answer.hasImage() ? List.of(new Found.OfImage(answer.getImage())) : List.of();
    } catch (StatusRuntimeException e) {
      if (e.getStatus().getCode() == Status.Code.INVALID_ARGUMENT) {
        return List.of(); // No image could have this name.
      }
      throw e;
    }
  }
}
