package dev.hearth.runtime.network;

import dev.hearth.linux.BlockingCalls;
import dev.hearth.linux.Poller;
import dev.hearth.runtime.network.cni.CniNetwork;
import dev.hearth.runtime.network.cni.CniSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/** Folders of configurations and plugins of a test, and networks opened over them. */
final class CniOnTrial implements AutoCloseable {
  final Path configurations;
  final Path plugins;
  final Path records;
  final Path namespaces;
  private final BlockingCalls blocking = new BlockingCalls(8);
  private final Poller poller;

  CniOnTrial(Path directory) throws Exception {
    configurations = Files.createDirectories(directory.resolve("net.d"));
    plugins = Files.createDirectories(directory.resolve("plugins"));
    records = directory.resolve("records");
    namespaces = directory.resolve("netns");
    poller = new Poller();
  }

  /** A network as a daemon of this node opens it. */
  CniNetwork open(Duration timeout) throws NetworkException {
    return CniNetwork.open(
        new CniSettings(configurations, List.of(plugins), namespaces, timeout),
        records,
        NodeOnTrial.SOCKETS,
        blocking,
        poller,
        Clock.systemUTC());
  }

  void configure(String file, String text) throws IOException {
    Files.writeString(configurations.resolve(file), text);
  }

  /** Installs a plugin that is a shell script. */
  void install(String name, String script) throws IOException {
    // Not in place: somebody may be running it.
    Path made = Files.writeString(plugins.resolve("." + name), "#!/bin/sh\n" + script);
    Files.setPosixFilePermissions(made, PosixFilePermissions.fromString("rwxr-xr-x"));
    Files.move(made, plugins.resolve(name), StandardCopyOption.ATOMIC_MOVE);
  }

  /** Installs the reference plugins, to work in a namespace that stands for the host's. */
  void installReferencePlugins(Path host) throws IOException {
    Path installed = Path.of("/usr/lib/cni");
    try (Stream<Path> programs = Files.list(installed)) {
      for (Path program : programs.toList()) {
        install(
            program.getFileName().toString(), "exec nsenter --net=" + host + " " + program + "\n");
      }
    }
  }

  @Override
  public void close() {
    poller.close();
    blocking.close();
  }
}
