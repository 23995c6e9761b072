package dev.hearth.cli;

import dev.hearth.proto.cri.v1.ContainerStats;
import dev.hearth.proto.cri.v1.ContainerStatsFilter;
import dev.hearth.proto.cri.v1.CpuUsage;
import dev.hearth.proto.cri.v1.ListContainerStatsRequest;
import dev.hearth.proto.cri.v1.ListContainerStatsResponse;
import java.time.Duration;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

final class StatsCommand implements Subcommand {
  private static final double FRACTIONS_PER_PERCENT = 0.01;

  private static final Option<String> POD =
      Option.valued(text -> text, "POD", "Only containers of this pod.", "-p", "--pod");
  private static final Option<Long> SECONDS =
      Option.valued(
          Option::readNumber,
          "SECONDS",
          "How long the use of processors is measured. Default: 1.",
          "--seconds");
  private static final Option<OutputFormat> OUTPUT =
      Option.format("table (default) or json, which is not measured but as the daemon has it.");

  @Override
  public Usage usage() {
    return Usage.of(
            "hearth stats",
            "Shows what running containers use, the largest memory first.",
            "CPU is a percentage of one processor; MEMORY is the working set, without what the"
                + " kernel can drop; DISK is what was written to the container's own file system.")
        .with(POD, SECONDS, OUTPUT);
  }

  @Override
  public int run(Given given, Session session) {
    long seconds = given.value(SECONDS).orElse(1L);
    if (seconds < 0) {
      throw CommandFailure.usage("a time below zero: " + seconds);
    }
    try (Daemon daemon = session.daemon()) {
      var filter = ContainerStatsFilter.newBuilder();
      given
          .value(POD)
          .ifPresent(wanted ->
              filter.setPodSandboxId(Search.one(wanted, EnumSet.of(Kind.POD), daemon).id()));
      var request = ListContainerStatsRequest.newBuilder().setFilter(filter).build();
      if (given.wantsJson(OUTPUT)) {
        session.out().println(Json.pretty(Json.of(daemon.runtime().listContainerStats(request))));
        return ExitCode.OK;
      }
      var before = new HashMap<String, CpuUsage>();
      for (ContainerStats stats : daemon.runtime().listContainerStats(request).getStatsList()) {
        before.put(stats.getAttributes().getId(), stats.getCpu());
      }
      Thread.sleep(Duration.ofSeconds(seconds));
      print(before, daemon.runtime().listContainerStats(request), session);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw CommandFailure.failed("interrupted while measuring", e);
    }
    return ExitCode.OK;
  }

  private static void print(
      Map<String, CpuUsage> before, ListContainerStatsResponse answer, Session session) {
    var table = new Table("CONTAINER", "NAME", "CPU", "MEMORY", "DISK", "FILES");
    answer.getStatsList().stream()
        .sorted(Comparator.comparingLong(StatsCommand::memory).reversed())
        .forEach(stats ->
            table.row(
                Plain.shortId(stats.getAttributes().getId()),
                stats.getAttributes().getMetadata().getName(),
                cpu(before.get(stats.getAttributes().getId()), stats.getCpu()),
                stats.getMemory().hasWorkingSetBytes() ? Plain.bytes(memory(stats)) : "-",
                stats.getWritableLayer().hasUsedBytes()
                    ? Plain.bytes(stats.getWritableLayer().getUsedBytes().getValue())
                    : "-",
                stats.getWritableLayer().hasInodesUsed()
                    ? Long.toString(stats.getWritableLayer().getInodesUsed().getValue())
                    : "-"));
    table.print(session.out());
  }

  private static long memory(ContainerStats stats) {
    return stats.getMemory().getWorkingSetBytes().getValue();
  }

  /** The share of one processor between two measurements; a dash without both. */
  private static String cpu(@Nullable CpuUsage before, CpuUsage after) {
    if (before == null || after.getTimestamp() <= before.getTimestamp()) {
      return "-";
    }
    long used =
        after.getUsageCoreNanoSeconds().getValue() - before.getUsageCoreNanoSeconds().getValue();
    double share = used / (double) (after.getTimestamp() - before.getTimestamp());
    return String.format(Locale.ROOT, "%.1f%%", share / FRACTIONS_PER_PERCENT);
  }
}
