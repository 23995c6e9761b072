package dev.hearth.cli;

import com.google.gson.JsonObject;
import dev.hearth.proto.admin.v1.InfoRequest;
import dev.hearth.proto.admin.v1.InfoResponse;
import dev.hearth.proto.admin.v1.MarkedExited;
import dev.hearth.proto.admin.v1.NetworkLease;
import dev.hearth.proto.admin.v1.PullUnderWay;
import dev.hearth.proto.admin.v1.RecoveryReport;
import dev.hearth.proto.admin.v1.SetAside;
import dev.hearth.proto.cri.v1.RuntimeCondition;
import dev.hearth.proto.cri.v1.StatusRequest;
import dev.hearth.proto.cri.v1.StatusResponse;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.PrintStream;
import java.time.Instant;
import java.util.Optional;

final class StatusCommand implements Subcommand {
  private static final Option<OutputFormat> OUTPUT = Option.format("table (default) or json.");

  @Override
  public Usage usage() {
    return Usage.of(
            "hearth status",
            "Shows whether the daemon is well, and what its last start found.",
            "Ends with 1 when a pod could not be started now.")
        .with(OUTPUT);
  }

  @Override
  public int run(Given given, Session session) {
    StatusResponse status;
    Optional<InfoResponse> info;
    try (Daemon daemon = session.daemon()) {
      status = daemon.runtime().status(StatusRequest.getDefaultInstance());
      info = info(daemon);
    }
    if (given.wantsJson(OUTPUT)) {
      JsonObject json = Json.of(status);
      info.ifPresent(known -> json.add("hearth", Json.of(known)));
      session.out().println(Json.pretty(json));
    } else {
      print(status, info, session);
    }
    return ready(status) ? ExitCode.OK : ExitCode.FAILED;
  }

  private static Optional<InfoResponse> info(Daemon daemon) {
    try {
      return Optional.of(daemon.admin().info(InfoRequest.getDefaultInstance()));
    } catch (StatusRuntimeException e) {
      if (e.getStatus().getCode() == Status.Code.UNIMPLEMENTED) {
        return Optional.empty(); // Another runtime, or an older daemon.
      }
      throw e;
    }
  }

  /** The two conditions without which the kubelet calls a node not ready. */
  private static boolean ready(StatusResponse status) {
    return holds(status, "RuntimeReady") && holds(status, "NetworkReady");
  }

  private static boolean holds(StatusResponse status, String type) {
    return status.getStatus().getConditionsList().stream()
        .anyMatch(condition -> condition.getType().equals(type) && condition.getStatus());
  }

  private static void print(StatusResponse status, Optional<InfoResponse> info, Session session) {
    Instant now = session.shell().now();
    info.ifPresent(known -> printDaemon(known, now, session.out()));
    var conditions = new Table("CONDITION", "HOLDS", "REASON", "MESSAGE");
    for (RuntimeCondition condition : status.getStatus().getConditionsList()) {
      conditions.row(
          condition.getType(),
          condition.getStatus() ? "yes" : "no",
          condition.getReason(),
          condition.getMessage());
    }
    conditions.print(session.out());
    info.ifPresent(known -> {
      printRecovery(known.getRecovery(), session.out());
      printLeases(known, session.out());
      printPulls(known, now, session.out());
    });
  }

  private static void printDaemon(InfoResponse info, Instant now, PrintStream out) {
    out.printf(
        "hearthd %s, process %d, up %s%n",
        Plain.text(info.getVersion()),
        info.getPid(),
        Plain.age(Instant.ofEpochMilli(info.getStartedAtMs()), now));
    out.printf("root %s, state %s%n%n", Plain.text(info.getRoot()), Plain.text(info.getState()));
  }

  private static void printRecovery(RecoveryReport recovery, PrintStream out) {
    out.printf(
        "%nlast start: %d pods and %d containers adopted, %d had exited, %d set aside, %d ms%n",
        recovery.getAdoptedPodsCount(),
        recovery.getAdoptedContainersCount(),
        recovery.getMarkedExitedCount(),
        recovery.getSetAsideCount(),
        recovery.getDurationMs());
    for (MarkedExited exited : recovery.getMarkedExitedList()) {
      out.printf(
          "  exited: container %s with %d at %s %s%n",
          Plain.shortId(exited.getContainerId()),
          exited.getExitCode(),
          Instant.ofEpochSecond(0, exited.getFinishedAt()),
          Plain.text(exited.getReason()));
    }
    recovery.getFinishedList().forEach(what -> out.println("  finished: " + Plain.text(what)));
    for (SetAside set : recovery.getSetAsideList()) {
      out.printf(
          "  set aside: %s %s: %s%s%n",
          Plain.text(set.getKind()),
          Plain.text(set.getId()),
          Plain.text(set.getReason()),
          set.getPath().isEmpty() ? "" : "; kept in " + Plain.text(set.getPath()));
    }
  }

  private static void printLeases(InfoResponse info, PrintStream out) {
    if (info.getLeasesCount() == 0) {
      return;
    }
    out.println();
    var table = new Table("POD", "NETWORK", "ADDRESSES", "STUCK");
    for (NetworkLease lease : info.getLeasesList()) {
      table.row(
          Plain.shortId(lease.getPodId()),
          lease.getNetwork(),
          String.join(" ", lease.getAddressesList()),
          lease.getTeardownError());
    }
    table.print(out);
  }

  private static void printPulls(InfoResponse info, Instant now, PrintStream out) {
    if (info.getPullsCount() == 0) {
      return;
    }
    out.println();
    var table = new Table("PULLING", "RECEIVED", "OF", "FOR", "WAITING");
    for (PullUnderWay pull : info.getPullsList()) {
      table.row(
          pull.getImage(),
          Plain.bytes(pull.getReceivedBytes()),
          pull.getTotalBytes() == 0 ? "?" : Plain.bytes(pull.getTotalBytes()),
          Plain.age(Instant.ofEpochMilli(pull.getStartedAtMs()), now),
          Integer.toString(pull.getWaiting()));
    }
    table.print(out);
  }
}
