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
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

final class InspectCommand implements Subcommand {
  /** What an argument may be taken for. The constants are what {@code --type} takes. */
  enum Type {
    pod,
    container,
    image
  }

  private final HearthCommand hearth;
  private final PositionalParamSpec wanted =
      Arguments.parameter(0, "WHAT", "Id, its beginning, or name; pods also as NAMESPACE/NAME.");
  private final OptionSpec type =
      Arguments.valued(Type.class, "TYPE", "Only a pod, container or image.", "--type");
  private final OptionSpec output = Arguments.format(OutputFormat.json, "json, as it is without.");

  InspectCommand(HearthCommand hearth) {
    this.hearth = hearth;
  }

  @Override
  public CommandSpec spec() {
    return Arguments.command(
            this, "inspect", "Shows all that is known of a pod, container or image, as JSON.")
        .add(wanted)
        .add(type)
        .add(output);
  }

  @Override
  public Integer call() {
    if (!Arguments.isJson(output)) {
      throw CommandFailure.usage("inspect shows JSON only; leave out -o");
    }
    try (Daemon daemon = hearth.daemon()) {
      String kind = Arguments.<Type>given(type).map(Type::name).orElse("pod, container or image");
      String wanted = Arguments.text(this.wanted);
      Found found = Lookup.only(kind, wanted, candidates(wanted, daemon));
      hearth.out().println(Json.pretty(inspect(found, daemon)));
    }
    return ExitCode.OK;
  }

  private List<Found> candidates(String wanted, Daemon daemon) {
    var found = new ArrayList<Found>();
    if (mayBe(Type.pod)) {
      var pods = daemon.runtime().listPodSandbox(ListPodSandboxRequest.getDefaultInstance());
      found.addAll(Lookup.pods(pods.getItemsList(), wanted));
    }
    if (mayBe(Type.container)) {
      var all = daemon.runtime().listContainers(ListContainersRequest.getDefaultInstance());
      found.addAll(Lookup.containers(all.getContainersList(), wanted));
    }
    if (mayBe(Type.image)) {
      found.addAll(images(wanted, daemon));
    }
    return found;
  }

  private boolean mayBe(Type candidate) {
    return Arguments.<Type>given(type).map(only -> only == candidate).orElse(true);
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
