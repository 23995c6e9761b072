package dev.hearth.cli;

import com.google.gson.JsonObject;
import dev.hearth.proto.cri.v1.VersionRequest;
import dev.hearth.proto.cri.v1.VersionResponse;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(name = "version", description = "Shows the versions of command line and daemon.")
final class VersionCommand implements Callable<Integer> {
  private final HearthCommand hearth;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FORMAT",
      description = "table or json.")
  private OutputFormat output = OutputFormat.table;

  VersionCommand(HearthCommand hearth) {
    this.hearth = hearth;
  }

  @Override
  public Integer call() {
    if (output == OutputFormat.table) {
      // First, so that it is there whatever becomes of the daemon.
      hearth.out().println("hearth     " + ownVersion());
    }
    VersionResponse daemon = daemonVersion();
    switch (output) {
      case table -> {
        hearth
            .out()
            .println("daemon     " + daemon.getRuntimeName() + " " + daemon.getRuntimeVersion());
        hearth.out().println("CRI        " + daemon.getRuntimeApiVersion());
      }
      case json -> {
        var json = new JsonObject();
        json.addProperty("client", ownVersion());
        json.add("daemon", Json.of(daemon));
        hearth.out().println(Json.pretty(json));
      }
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
