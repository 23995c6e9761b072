package dev.hearth.daemon;

import dev.hearth.config.Configuration;
import dev.hearth.config.ConfigurationException;
import dev.hearth.config.ConfigurationFile;
import dev.hearth.config.Key;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The daemon's entry point. */
public final class Hearthd {
  private static final int FAILED = 1;
  private static final int USAGE = 2;

  private static final String HELP =
      """
      hearthd [--config FILE] [--root DIR] [--state DIR] [--socket PATH] [--log-level LEVEL]
      hearthd --version | --help

      The container runtime: serves CRI v1 on a Unix socket until it gets SIGTERM or SIGINT.
      Containers go on without it, and the next hearthd takes them over. Without --config it reads
      /etc/hearth/hearth.toml where there is one; docs/configuration.md explains every key.
      """;

  /** Options that stand for a key of the configuration. */
  private static final Map<String, Key<?>> OPTIONS =
      Map.of(
          "--root", Key.ROOT,
          "--state", Key.STATE,
          "--socket", Key.SOCKET,
          "--log-level", Key.LOG_LEVEL);

  private Hearthd() {}

  /** See {@code hearthd --help}. Exits with 1 when it cannot serve, 2 for a wrong command line. */
  public static void main(String[] arguments) throws InterruptedException {
    List<String> words = List.of(arguments);
    if (words.contains("--help") || words.contains("-h")) {
      System.out.print(HELP);
      return;
    }
    if (words.equals(List.of("--version"))) {
      System.out.println("hearthd " + Version.NUMBER);
      return;
    }
    Configuration configuration;
    try {
      configuration = configuration(arguments);
    } catch (ConfigurationException | IllegalArgumentException e) {
      fail(USAGE, String.valueOf(e.getMessage()));
      return;
    }
    Logs.configure(configuration.log().level());
    try (FolderLock _ = FolderLock.take(configuration.root());
        FolderLock _ = FolderLock.take(configuration.state())) {
      refuseIfAnswered(configuration.socket());
      serve(configuration);
    } catch (Exception e) {
      fail(FAILED, e.getMessage() == null ? e.toString() : e.getMessage());
    }
  }

  private static void serve(Configuration configuration) throws Exception {
    try (Wiring wiring = Wiring.of(configuration)) {
      Runtime.getRuntime().addShutdownHook(new Thread(wiring::stop, "stop"));
      wiring.serve();
    }
  }

  /** What a daemon that was killed left is nobody's; a living one's socket is not to be taken. */
  private static void refuseIfAnswered(Path socket) throws IOException {
    if (!Files.exists(socket)) {
      return;
    }
    try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      probe.connect(UnixDomainSocketAddress.of(socket));
    } catch (IOException e) {
      return;
    }
    throw new IOException(
        "another process serves on " + socket + ": stop it, or name another socket");
  }

  @SuppressWarnings("SystemExitOutsideMain")
  private static void fail(int code, Object message) {
    System.err.println("hearthd: " + message);
    System.exit(code);
  }

  private static Configuration configuration(String[] arguments) throws ConfigurationException {
    Map<Key<?>, String> options = new HashMap<>();
    Optional<Path> file = Optional.empty();
    for (int i = 0; i < arguments.length; i += 2) {
      String option = arguments[i];
      if (i + 1 == arguments.length) {
        throw new IllegalArgumentException(
            "option " + option + " is unknown or needs a value; see hearthd --help");
      }
      if (option.equals("--config")) {
        file = Optional.of(Path.of(arguments[i + 1]));
      } else if (OPTIONS.containsKey(option)) {
        options.put(OPTIONS.get(option), arguments[i + 1]);
      } else {
        throw new IllegalArgumentException("unknown option " + option + "; see hearthd --help");
      }
    }
    if (file.isEmpty() && Files.exists(Configuration.DEFAULT_FILE)) {
      file = Optional.of(Configuration.DEFAULT_FILE);
    }
    return file.isPresent()
        ? ConfigurationFile.read(file.get(), options)
        : ConfigurationFile.of(options);
  }
}
