package dev.hearth.cli;

import com.google.gson.JsonObject;
import dev.hearth.proto.cri.v1.ContainerStatusRequest;
import dev.hearth.proto.cri.v1.ImageSpec;
import dev.hearth.proto.cri.v1.ImageStatusRequest;
import dev.hearth.proto.cri.v1.ImageStatusResponse;
import dev.hearth.proto.cri.v1.ListContainersRequest;
import dev.hearth.proto.cri.v1.ListImagesRequest;
import dev.hearth.proto.cri.v1.ListPodSandboxRequest;
import dev.hearth.proto.cri.v1.PodSandboxStatusRequest;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

final class InspectCommand implements Subcommand {
  /** What an argument may be taken for. */
  private enum Type {
    POD,
    CONTAINER,
    IMAGE;

    static Type read(String text) {
      return switch (text.toLowerCase(Locale.ROOT)) {
        case "pod" -> POD;
        case "container" -> CONTAINER;
        case "image" -> IMAGE;
        default -> throw new IllegalArgumentException("no pod, container or image: " + text);
      };
    }
  }

  private static final Option<Type> TYPE =
      Option.valued(Type::read, "TYPE", "Only a pod, a container or an image.", "--type");
  private static final Option<OutputFormat> OUTPUT = Option.format("json, as it is without.");

  @Override
  public Usage usage() {
    return Usage.of(
            "hearth inspect", "Shows all that is known of a pod, container or image, as JSON.")
        .taking("WHAT", "Id, its beginning, or name; pods also as NAMESPACE/NAME.")
        .with(TYPE, OUTPUT);
  }

  @Override
  public int run(Given given, Session session) {
    if (given.value(OUTPUT).equals(Optional.of(OutputFormat.TABLE))) {
      throw CommandFailure.usage("inspect shows JSON only; leave out -o");
    }
    Optional<Type> type = given.value(TYPE);
    try (Daemon daemon = session.daemon()) {
      String kind =
          type.map(only -> only.name().toLowerCase(Locale.ROOT)).orElse("pod, container or image");
      String wanted = given.parameters().getFirst();
      Found found = Lookup.only(kind, wanted, candidates(wanted, type, daemon));
      session.out().println(Json.pretty(inspect(found, daemon)));
    }
    return ExitCode.OK;
  }

  private static List<Found> candidates(String wanted, Optional<Type> type, Daemon daemon) {
    var found = new ArrayList<Found>();
    if (mayBe(Type.POD, type)) {
      var pods = daemon.runtime().listPodSandbox(ListPodSandboxRequest.getDefaultInstance());
      found.addAll(Lookup.pods(pods.getItemsList(), wanted));
    }
    if (mayBe(Type.CONTAINER, type)) {
      var all = daemon.runtime().listContainers(ListContainersRequest.getDefaultInstance());
      found.addAll(Lookup.containers(all.getContainersList(), wanted));
    }
    if (mayBe(Type.IMAGE, type)) {
      found.addAll(images(wanted, daemon));
    }
    return found;
  }

  private static boolean mayBe(Type candidate, Optional<Type> type) {
    return type.map(only -> only == candidate).orElse(true);
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

  private static JsonObject inspect(Found found, Daemon daemon) {
    return switch (found) {
      case Found.OfPod pod -> {
        var answer =
            daemon
                .runtime()
                .podSandboxStatus(
                    PodSandboxStatusRequest.newBuilder()
                        .setPodSandboxId(pod.id())
                        .setVerbose(true)
                        .build());
        yield withInfo(Json.of(answer), Json.info(answer.getInfoMap()));
      }
      case Found.OfContainer container -> {
        var answer =
            daemon
                .runtime()
                .containerStatus(
                    ContainerStatusRequest.newBuilder()
                        .setContainerId(container.id())
                        .setVerbose(true)
                        .build());
        yield withInfo(Json.of(answer), Json.info(answer.getInfoMap()));
      }
      case Found.OfImage image -> {
        var answer = imageStatus(image.id(), daemon);
        yield withInfo(Json.of(answer), Json.info(answer.getInfoMap()));
      }
    };
  }

  private static ImageStatusResponse imageStatus(String image, Daemon daemon) {
    return daemon
        .images()
        .imageStatus(
            ImageStatusRequest.newBuilder()
                .setImage(ImageSpec.newBuilder().setImage(image))
                .setVerbose(true)
                .build());
  }

  private static JsonObject withInfo(JsonObject answer, JsonObject info) {
    answer.add("info", info);
    return answer;
  }
}
