package dev.hearth.testing;

import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The daemon as it is shipped, run from the tree in a home of its own. Not for several threads at
 * once, except that {@link #cri} may be used by any number of them.
 */
public final class HearthDaemon implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofSeconds(30);

  /** What a process killed by SIGKILL ends with. */
  private static final int KILLED = 137;

  private final DaemonHome home;
  private Process process;
  private Cri cri;

  private HearthDaemon(DaemonHome home, Process process) {
    this.home = home;
    this.process = process;
    this.cri = new Cri(home.socket());
  }

  /** Starts a daemon and returns when it answers. */
  public static HearthDaemon start(DaemonHome home) throws IOException {
    home.write();
    var daemon = new HearthDaemon(home, launch(home, ""));
    try {
      daemon.awaitAnswer();
    } catch (AssertionError e) {
      daemon.close();
      throw e;
    }
    return daemon;
  }

  /** The runnable tree, {@code src/target/hearth}. */
  public static Path tree() {
    return Path.of(System.getProperty("hearth.tree", "target/hearth")).toAbsolutePath();
  }

  private static List<String> command(DaemonHome home) {
    return List.of(
        tree().resolve("bin/hearthd").toString(), "--config", home.configuration().toString());
  }

  private static Process launch(DaemonHome home, String failpoint) throws IOException {
    ProcessBuilder daemon =
        new ProcessBuilder(command(home))
            .redirectErrorStream(true)
            .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
            .redirectOutput(ProcessBuilder.Redirect.appendTo(home.daemonLog().toFile()));
    if (!failpoint.isEmpty()) {
      daemon.environment().put("HEARTH_JAVA_OPTS", "-Dhearth.failpoint=" + failpoint);
    }
    return daemon.start();
  }

  /**
   * Runs another daemon with this one's configuration, which must not succeed.
   *
   * @param options that stand above the configuration's
   * @return what it said; its exit status is not 0
   */
  public String refusalOfAnother(String... options) throws IOException {
    List<String> command = new ArrayList<>(command(home));
    command.addAll(List.of(options));
    Process other = new ProcessBuilder(command).redirectErrorStream(true).start();
    try (var out = other.inputReader()) {
      String said = out.readAllAsString();
      if (other.waitFor() == 0) {
        throw new AssertionError("a second daemon ended well: " + said);
      }
      return said;
    } catch (InterruptedException e) {
      other.destroyForcibly();
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  public DaemonHome home() {
    return home;
  }

  /** A client of the daemon that runs at the moment. */
  public Cri cri() {
    return cri;
  }

  public long pid() {
    return process.pid();
  }

  /** What the daemon has written so far, earlier runs included. */
  public String log() throws IOException {
    return Files.readString(home.daemonLog());
  }

  /** Kills the daemon as the kernel would, without a chance to say goodbye. */
  public void kill() {
    process.destroyForcibly();
    awaitEnd(LIMIT);
  }

  /** Asks the daemon to stop, as a service manager does, and waits until it has. */
  public void stop() {
    process.destroy();
    awaitEnd(LIMIT);
  }

  /** Waits until the daemon ends by itself, as it does at a failpoint; returns its exit status. */
  public int awaitEnd() {
    awaitEnd(LIMIT);
    return process.exitValue();
  }

  /** Starts the daemon again after {@link #kill} or {@link #stop}; returns when it answers. */
  public void startAgain() throws IOException {
    startAgain("");
  }

  /**
   * The same, with a step of a verb to fail or to end the daemon.
   *
   * @param failpoint {@code fail:VERB:N}, {@code fail:VERB:each} or {@code crash:VERB:N}, see the
   *     daemon's InjectedFailpoints
   */
  public void startAgain(String failpoint) throws IOException {
    cri.close();
    process = launch(home, failpoint);
    cri = new Cri(home.socket());
    awaitAnswer();
  }

  /**
   * Starts the daemon again with a failpoint that may end it before it answers.
   *
   * @return whether it answers; if not it has ended by the failpoint
   */
  public boolean survives(String failpoint) throws IOException {
    cri.close();
    process = launch(home, failpoint);
    cri = new Cri(home.socket());
    Await.until(this::state, LIMIT, () -> !process.isAlive() || (reachable() && answers()));
    if (process.isAlive()) {
      return true;
    }
    if (process.exitValue() != KILLED) {
      throw new AssertionError(state());
    }
    return false;
  }

  private void awaitAnswer() {
    Await.until(this::state, LIMIT, () -> listens() && answers());
  }

  /** A gRPC channel that failed once waits a second before it tries again, so look first. */
  private boolean listens() {
    if (!process.isAlive()) {
      throw new AssertionError(state());
    }
    return reachable();
  }

  private boolean reachable() {
    try (var probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      return probe.connect(UnixDomainSocketAddress.of(home.socket()));
    } catch (IOException e) {
      return false;
    }
  }

  private boolean answers() {
    try {
      return !cri.version().isEmpty();
    } catch (StatusRuntimeException e) {
      return switch (e.getStatus().getCode()) {
        case UNAVAILABLE -> false;
        default -> throw e;
      };
    }
  }

  private String state() {
    String running =
        process.isAlive()
            ? "hearthd to answer"
            : "hearthd, which ended with " + process.exitValue();
    try {
      return running + "; its log:\n" + log();
    } catch (IOException e) {
      return running + "; its log cannot be read: " + e;
    }
  }

  private void awaitEnd(Duration limit) {
    try {
      if (!process.waitFor(Await.patient(limit).toMillis(), TimeUnit.MILLISECONDS)) {
        process.destroyForcibly();
        throw new AssertionError("gave up waiting for the end of " + state());
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }

  /** Kills the daemon if it still runs. Containers stay: remove them first, or sweep. */
  @Override
  public void close() {
    cri.close();
    process.destroyForcibly();
    awaitEnd(LIMIT);
  }
}
