package dev.hearth.cli;

import dev.hearth.proto.cri.v1.ListPodSandboxRequest;
import dev.hearth.proto.cri.v1.ListPodSandboxResponse;
import dev.hearth.proto.cri.v1.PodSandbox;
import dev.hearth.proto.cri.v1.PodSandboxFilter;
import dev.hearth.proto.cri.v1.PodSandboxState;
import java.time.Instant;
import java.util.Comparator;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

final class PodsCommand implements Subcommand {
  private final HearthCommand hearth;
  private final OptionSpec labels = Arguments.labels();
  private final OptionSpec quiet = Arguments.flag("Whole ids and nothing else.", "-q", "--quiet");
  private final OptionSpec output = Arguments.format();

  PodsCommand(HearthCommand hearth) {
    this.hearth = hearth;
  }

  @Override
  public CommandSpec spec() {
    return Arguments.command(this, "pods", "Lists pods, the newest first.")
        .add(labels)
        .add(quiet)
        .add(output);
  }

  @Override
  public Integer call() {
    ListPodSandboxResponse answer;
    try (Daemon daemon = hearth.daemon()) {
      answer =
          daemon
              .runtime()
              .listPodSandbox(
                  ListPodSandboxRequest.newBuilder()
                      .setFilter(
                          PodSandboxFilter.newBuilder()
                              .putAllLabelSelector(Arguments.labels(labels)))
                      .build());
    }
    var pods =
        answer.getItemsList().stream()
            .sorted(Comparator.comparingLong(PodSandbox::getCreatedAt).reversed())
            .toList();
    if (Arguments.isJson(output)) {
      hearth.out().println(Json.pretty(Json.of(answer)));
    } else if (Arguments.isSet(quiet)) {
      pods.forEach(pod -> hearth.out().println(pod.getId()));
    } else {
      print(pods);
    }
    return ExitCode.OK;
  }

  private void print(Iterable<PodSandbox> pods) {
    Instant now = hearth.shell().now();
    var table = new Table("POD", "NAMESPACE", "NAME", "STATE", "AGE", "ATTEMPT");
    for (PodSandbox pod : pods) {
      table.row(
          Plain.shortId(pod.getId()),
          pod.getMetadata().getNamespace(),
          pod.getMetadata().getName(),
          pod.getState() == PodSandboxState.SANDBOX_READY ? "ready" : "not ready",
          Plain.age(pod.getCreatedAt(), now),
          Integer.toUnsignedString(pod.getMetadata().getAttempt()));
    }
    table.print(hearth.out());
  }
}
