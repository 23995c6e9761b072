package dev.hearth.cli;

import com.google.gson.JsonObject;
import dev.hearth.proto.admin.v1.PullProgress;
import dev.hearth.proto.admin.v1.PullRequest;
import dev.hearth.proto.cri.v1.ImageSpec;
import dev.hearth.proto.cri.v1.PullImageRequest;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.Iterator;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

final class PullCommand implements Subcommand {
  private final HearthCommand hearth;
  private final PositionalParamSpec image =
      Arguments.parameter(0, "IMAGE", "A reference: busybox, quay.io/team/app:v2, app@sha256:...");
  private final OptionSpec quiet = Arguments.flag("No progress.", "-q", "--quiet");
  private final OptionSpec output = Arguments.format();

  PullCommand(HearthCommand hearth) {
    this.hearth = hearth;
  }

  @Override
  public CommandSpec spec() {
    return Arguments.command(
            this,
            "pull",
            "Pulls an image; prints its id when it is complete.",
            "Progress goes to standard error: a line a layer, redrawn on a terminal.")
        .add(image)
        .add(quiet)
        .add(output);
  }

  @Override
  public Integer call() {
    String image = Arguments.text(this.image);
    if (image.isEmpty()) {
      throw CommandFailure.usage("an empty image reference; name one, as in hearth pull busybox");
    }
    String id;
    try (Daemon daemon = hearth.daemon()) {
      id = pull(image, daemon);
    }
    if (Arguments.isJson(output)) {
      var json = new JsonObject();
      json.addProperty("image", image);
      json.addProperty("imageId", id);
      hearth.out().println(Json.pretty(json));
    } else {
      hearth.out().println(id);
    }
    return ExitCode.OK;
  }

  private String pull(String image, Daemon daemon) {
    var display = new PullDisplay(hearth.shell(), Arguments.isSet(quiet));
    try {
      Iterator<PullProgress> progress =
          daemon.patientAdmin().pull(PullRequest.newBuilder().setImage(image).build());
      while (progress.hasNext()) {
        PullProgress step = progress.next();
        if (!step.getImageId().isEmpty()) {
          return step.getImageId();
        }
        display.show(step);
      }
    } catch (StatusRuntimeException e) {
      if (e.getStatus().getCode() == Status.Code.UNIMPLEMENTED && display.isUntouched()) {
        return pullSilently(image, daemon);
      }
      throw e;
    }
    throw CommandFailure.failed(
        "the pull of " + image + " ended without an image; the daemon's log may say why");
  }

  /** By CRI alone: another runtime, or an older daemon. */
  private static String pullSilently(String image, Daemon daemon) {
    return daemon
        .patientImages()
        .pullImage(
            PullImageRequest.newBuilder().setImage(ImageSpec.newBuilder().setImage(image)).build())
        .getImageRef();
  }
}
