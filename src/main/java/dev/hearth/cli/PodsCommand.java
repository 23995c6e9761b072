package dev.hearth.cli;

import dev.hearth.proto.cri.v1.ListPodSandboxRequest;
import dev.hearth.proto.cri.v1.ListPodSandboxResponse;
import dev.hearth.proto.cri.v1.PodSandbox;
import dev.hearth.proto.cri.v1.PodSandboxFilter;
import dev.hearth.proto.cri.v1.PodSandboxState;
import java.time.Instant;
import java.util.Comparator;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(name = "pods", description = "Lists pods, the newest first.")
final class PodsCommand implements Callable<Integer> {
  private final HearthCommand hearth;

  @Option(
      names = {"-l", "--label"},
      paramLabel = "KEY=VALUE",
      description = "Only those with this label; may be repeated.")
  private Map<String, String> labels = Map.of();

  @Option(
      names = {"-q", "--quiet"},
      description = "Whole ids and nothing else.")
  private boolean quiet;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FORMAT",
      description = "table or json.")
  private OutputFormat output = OutputFormat.table;

  PodsCommand(HearthCommand hearth) {
    this.hearth = hearth;
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
                      .setFilter(PodSandboxFilter.newBuilder().putAllLabelSelector(labels))
                      .build());
    }
    var pods =
        answer.getItemsList().stream()
            .sorted(Comparator.comparingLong(PodSandbox::getCreatedAt).reversed())
            .toList();
    if (output == OutputFormat.json) {
      hearth.out().println(Json.pretty(Json.of(answer)));
    } else if (quiet) {
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
