package dev.hearth.cli;

import com.google.gson.JsonObject;
import dev.hearth.proto.admin.v1.PullProgress;
import dev.hearth.proto.admin.v1.PullRequest;
import dev.hearth.proto.cri.v1.ImageSpec;
import dev.hearth.proto.cri.v1.PullImageRequest;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.Iterator;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "pull",
    description = {
      "Pulls an image; prints its id when it is complete.",
      "Progress goes to standard error: a line a layer, redrawn on a terminal."
    })
final class PullCommand implements Callable<Integer> {
  private final HearthCommand hearth;

  @Parameters(
      paramLabel = "IMAGE",
      description = "A reference: busybox, quay.io/team/app:v2, app@sha256:...")
  private String image = "";

  @Option(
      names = {"-q", "--quiet"},
      description = "No progress.")
  private boolean quiet;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FORMAT",
      description = "table or json.")
  private OutputFormat output = OutputFormat.table;

  PullCommand(HearthCommand hearth) {
    this.hearth = hearth;
  }

  @Override
  public Integer call() {
    if (image.isEmpty()) {
      throw CommandFailure.usage("an empty image reference; name one, as in hearth pull busybox");
    }
    String id;
    try (Daemon daemon = hearth.daemon()) {
      id = pull(daemon);
    }
    switch (output) {
      case table -> hearth.out().println(id);
      case json -> {
        var json = new JsonObject();
        json.addProperty("image", image);
        json.addProperty("imageId", id);
        hearth.out().println(Json.pretty(json));
      }
    }
    return ExitCode.OK;
  }

  private String pull(Daemon daemon) {
    var display = new PullDisplay(hearth.shell(), quiet);
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
        return pullSilently(daemon);
      }
      throw e;
    }
    throw CommandFailure.failed(
        "the pull of " + image + " ended without an image; the daemon's log may say why");
  }

  /** By CRI alone: another runtime, or an older daemon. */
  private String pullSilently(Daemon daemon) {
    return daemon
        .patientImages()
        .pullImage(
            PullImageRequest.newBuilder().setImage(ImageSpec.newBuilder().setImage(image)).build())
        .getImageRef();
  }
}
