package dev.hearth.cli;

import dev.hearth.proto.cri.v1.ListPodSandboxRequest;
import dev.hearth.proto.cri.v1.ListPodSandboxResponse;
import dev.hearth.proto.cri.v1.PodSandbox;
import dev.hearth.proto.cri.v1.PodSandboxFilter;
import dev.hearth.proto.cri.v1.PodSandboxState;
import java.time.Instant;
import java.util.Comparator;
import java.util.Map;

final class PodsCommand implements Subcommand {
  private static final Option<Map.Entry<String, String>> LABELS = Option.labels();
  private static final Option<Boolean> QUIET =
      Option.flag("Whole ids and nothing else.", "-q", "--quiet");
  private static final Option<OutputFormat> OUTPUT = Option.format("table (default) or json.");

  @Override
  public Usage usage() {
    return Usage.of("hearth pods", "Lists pods, the newest first.").with(LABELS, QUIET, OUTPUT);
  }

  @Override
  public int run(Given given, Session session) {
    ListPodSandboxResponse answer;
    try (Daemon daemon = session.daemon()) {
      answer =
          daemon
              .runtime()
              .listPodSandbox(
                  ListPodSandboxRequest.newBuilder()
                      .setFilter(
                          PodSandboxFilter.newBuilder().putAllLabelSelector(given.labels(LABELS)))
                      .build());
    }
    var pods =
        answer.getItemsList().stream()
            .sorted(Comparator.comparingLong(PodSandbox::getCreatedAt).reversed())
            .toList();
    if (given.wantsJson(OUTPUT)) {
      session.out().println(Json.pretty(Json.of(answer)));
    } else if (given.has(QUIET)) {
      pods.forEach(pod -> session.out().println(pod.getId()));
    } else {
      print(pods, session);
    }
    return ExitCode.OK;
  }

  private static void print(Iterable<PodSandbox> pods, Session session) {
    Instant now = session.shell().now();
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
    table.print(session.out());
  }
}
