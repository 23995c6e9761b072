package dev.hearth.cli;

import com.google.gson.JsonObject;
import dev.hearth.proto.admin.v1.PullProgress;
import dev.hearth.proto.admin.v1.PullRequest;
import dev.hearth.proto.cri.v1.ImageSpec;
import dev.hearth.proto.cri.v1.PullImageRequest;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.Iterator;

final class PullCommand implements Subcommand {
  private static final Option<Boolean> QUIET = Option.flag("No progress.", "-q", "--quiet");
  private static final Option<OutputFormat> OUTPUT = Option.format("table (default) or json.");

  @Override
  public Usage usage() {
    return Usage.of(
            "hearth pull",
            "Pulls an image; prints its id when it is complete.",
            "Progress goes to standard error: a line a layer, redrawn on a terminal.")
        .taking("IMAGE", "A reference: busybox, quay.io/team/app:v2, app@sha256:...")
        .with(QUIET, OUTPUT);
  }

  @Override
  public int run(Given given, Session session) {
    String image = given.parameters().getFirst();
    if (image.isEmpty()) {
      throw CommandFailure.usage("an empty image reference; name one, as in hearth pull busybox");
    }
    String id;
    try (Daemon daemon = session.daemon()) {
      id = pull(image, daemon, new PullDisplay(session.shell(), given.has(QUIET)));
    }
    if (given.wantsJson(OUTPUT)) {
      var json = new JsonObject();
      json.addProperty("image", image);
      json.addProperty("imageId", id);
      session.out().println(Json.pretty(json));
    } else {
      session.out().println(id);
    }
    return ExitCode.OK;
  }

  private static String pull(String image, Daemon daemon, PullDisplay display) {
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
