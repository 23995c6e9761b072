package dev.hearth.cli;

import dev.hearth.proto.cri.v1.StopContainerRequest;
import dev.hearth.proto.cri.v1.StopPodSandboxRequest;
import java.util.EnumSet;

final class StopCommand implements Subcommand {
  private static final long DEFAULT_GRACE_SECONDS = 10;

  private static final Option<Long> GRACE =
      Option.valued(
          Option::readNumber,
          "SECONDS",
          "How long a container has to end by itself before it is killed; a pod's have what the"
              + " daemon gives them. Default: "
              + DEFAULT_GRACE_SECONDS
              + ".",
          "--timeout");

  @Override
  public Usage usage() {
    return Usage.of(
            "hearth stop",
            "Stops containers, or pods with all their containers.",
            "What a kubelet wants to run it starts again.")
        .takingMany("WHAT", "Id, its beginning, or name; pods also as NAMESPACE/NAME.")
        .with(GRACE);
  }

  @Override
  public int run(Given given, Session session) {
    long grace = given.value(GRACE).orElse(DEFAULT_GRACE_SECONDS);
    if (grace < 0) {
      throw CommandFailure.usage("a timeout below zero: " + grace);
    }
    try (Daemon daemon = session.daemon()) {
      for (String wanted : given.parameters()) {
        Found found = Search.one(wanted, EnumSet.of(Kind.POD, Kind.CONTAINER), daemon);
        stop(found, grace, daemon);
        session.out().println(found.id());
      }
    }
    return ExitCode.OK;
  }

  private static void stop(Found found, long grace, Daemon daemon) {
    switch (found) {
      case Found.OfPod pod ->
          daemon
              .patientRuntime()
              .stopPodSandbox(StopPodSandboxRequest.newBuilder().setPodSandboxId(pod.id()).build());
      case Found.OfContainer container ->
          daemon
              .patientRuntime()
              .stopContainer(
                  StopContainerRequest.newBuilder()
                      .setContainerId(container.id())
                      .setTimeout(grace)
                      .build());
      case Found.OfImage image -> throw new IllegalArgumentException(image.described());
    }
  }
}
