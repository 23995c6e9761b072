package dev.hearth.cli;

import com.google.gson.JsonObject;
import dev.hearth.proto.cri.v1.VersionRequest;
import dev.hearth.proto.cri.v1.VersionResponse;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

final class VersionCommand implements Subcommand {
  private final HearthCommand hearth;
  private final OptionSpec output = Arguments.format();

  VersionCommand(HearthCommand hearth) {
    this.hearth = hearth;
  }

  @Override
  public CommandSpec spec() {
    return Arguments.command(this, "version", "Shows the versions of command line and daemon.")
        .add(output);
  }

  @Override
  public Integer call() {
    if (!Arguments.isJson(output)) {
      // First, so that it is there whatever becomes of the daemon.
      hearth.out().println("hearth     " + ownVersion());
    }
    VersionResponse daemon = daemonVersion();
    if (Arguments.isJson(output)) {
      var json = new JsonObject();
      json.addProperty("client", ownVersion());
      json.add("daemon", Json.of(daemon));
      hearth.out().println(Json.pretty(json));
    } else {
      hearth
          .out()
          .println("daemon     " + daemon.getRuntimeName() + " " + daemon.getRuntimeVersion());
      hearth.out().println("CRI        " + daemon.getRuntimeApiVersion());
    }
    return ExitCode.OK;
  }

  private VersionResponse daemonVersion() {
    try (Daemon daemon = hearth.daemon()) {
      return daemon.runtime().version(VersionRequest.getDefaultInstance());
    }
  }

  private static String ownVersion() {
    String version = VersionCommand.class.getPackage().getImplementationVersion();
    return version == null ? "development" : version;
  }
}
