package dev.hearth.cli;

import com.google.gson.JsonObject;
import dev.hearth.proto.cri.v1.ContainerStatusRequest;
import dev.hearth.proto.cri.v1.PodSandboxStatusRequest;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

final class InspectCommand implements Subcommand {
  private static final Option<Kind> TYPE = Kind.option();
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
    Set<Kind> kinds = given.value(TYPE).map(EnumSet::of).orElse(EnumSet.allOf(Kind.class));
    try (Daemon daemon = session.daemon()) {
      Found found = Search.one(given.parameters().getFirst(), kinds, daemon);
      session.out().println(Json.pretty(inspect(found, daemon)));
    }
    return ExitCode.OK;
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
        var answer = Search.imageStatus(image.id(), daemon);
        yield withInfo(Json.of(answer), Json.info(answer.getInfoMap()));
      }
    };
  }

  private static JsonObject withInfo(JsonObject answer, JsonObject info) {
    answer.add("info", info);
    return answer;
  }
}
