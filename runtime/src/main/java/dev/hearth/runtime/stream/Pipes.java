package dev.hearth.runtime.stream;

import dev.hearth.linux.Fd;
import dev.hearth.linux.LinuxException;
import dev.hearth.linux.Opens;
import dev.hearth.linux.Poller;
import dev.hearth.shim.ShimClient;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The pipes between a client's streams and a process: the ends here, and those for the shim. */
final class Pipes implements AutoCloseable {
  private final Optional<Opens.Pipe> stdin;
  private final Optional<Opens.Pipe> stdout;
  private final Optional<Opens.Pipe> stderr;

  private Pipes(
      Optional<Opens.Pipe> stdin, Optional<Opens.Pipe> stdout, Optional<Opens.Pipe> stderr) {
    this.stdin = stdin;
    this.stdout = stdout;
    this.stderr = stderr;
  }

  static Pipes open(boolean stdin, boolean stdout, boolean stderr) throws LinuxException {
    List<Opens.Pipe> opened = new ArrayList<>();
    try {
      return new Pipes(pipe(stdin, opened), pipe(stdout, opened), pipe(stderr, opened));
    } catch (LinuxException | RuntimeException e) {
      opened.forEach(Opens.Pipe::close);
      throw e;
    }
  }

  private static Optional<Opens.Pipe> pipe(boolean wanted, List<Opens.Pipe> opened)
      throws LinuxException {
    if (!wanted) {
      return Optional.empty();
    }
    Opens.Pipe pipe = Opens.pipe();
    opened.add(pipe);
    return Optional.of(pipe);
  }

  /** The ends for the shim. */
  ShimClient.Streams theirs() {
    return new ShimClient.Streams(
        stdin.map(Opens.Pipe::reader),
        stdout.map(Opens.Pipe::writer),
        stderr.map(Opens.Pipe::writer));
  }

  /** As long as they are open here too, no end is seen. */
  void closeTheirs() {
    theirs().stdin().ifPresent(Fd::close);
    theirs().stdout().ifPresent(Fd::close);
    theirs().stderr().ifPresent(Fd::close);
  }

  List<OutputPump> startOutputs(CommandClient client, Poller poller) throws LinuxException {
    List<OutputPump> pumps = new ArrayList<>();
    if (stdout.isPresent()) {
      pumps.add(OutputPump.start(stdout.get().reader(), poller, client.stdout()));
    }
    if (stderr.isPresent()) {
      pumps.add(OutputPump.start(stderr.get().reader(), poller, client.stderr()));
    }
    return pumps;
  }

  /**
   * Begins to feed stdin from the client; its end closes the pipe.
   *
   * @param andThen done after that
   */
  void startInput(CommandClient client, Poller poller, Runnable andThen) throws LinuxException {
    if (stdin.isPresent() && client.stdin().isPresent()) {
      Fd writer = stdin.get().writer();
      InputPump.start(
          client.stdin().get(),
          writer,
          poller,
          () -> {
            writer.close();
            andThen.run();
          });
    } else {
      client.stdin().ifPresent(ClientStream::discardInput);
    }
  }

  @Override
  public void close() {
    stdin.ifPresent(Opens.Pipe::close);
    stdout.ifPresent(Opens.Pipe::close);
    stderr.ifPresent(Opens.Pipe::close);
  }
}
