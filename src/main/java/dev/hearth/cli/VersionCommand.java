package dev.hearth.cli;

import com.google.gson.JsonObject;
import dev.hearth.proto.cri.v1.VersionRequest;
import dev.hearth.proto.cri.v1.VersionResponse;

final class VersionCommand implements Subcommand {
  private static final Option<OutputFormat> OUTPUT = Option.format("table (default) or json.");

  @Override
  public Usage usage() {
    return Usage.of("hearth version", "Shows the versions of command line and daemon.")
        .with(OUTPUT);
  }

  @Override
  public int run(Given given, Session session) {
    if (!given.wantsJson(OUTPUT)) {
      // First, so that it is there whatever becomes of the daemon.
      session.out().println("hearth     " + ownVersion());
    }
    VersionResponse daemon = daemonVersion(session);
    if (given.wantsJson(OUTPUT)) {
      var json = new JsonObject();
      json.addProperty("client", ownVersion());
      json.add("daemon", Json.of(daemon));
      session.out().println(Json.pretty(json));
    } else {
      session
          .out()
          .println("daemon     " + daemon.getRuntimeName() + " " + daemon.getRuntimeVersion());
      session.out().println("CRI        " + daemon.getRuntimeApiVersion());
    }
    return ExitCode.OK;
  }

  private static VersionResponse daemonVersion(Session session) {
    try (Daemon daemon = session.daemon()) {
      return daemon.runtime().version(VersionRequest.getDefaultInstance());
    }
  }

  private static String ownVersion() {
    String version = VersionCommand.class.getPackage().getImplementationVersion();
    return version == null ? "development" : version;
  }
}
