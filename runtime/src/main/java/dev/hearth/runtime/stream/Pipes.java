package dev.hearth.runtime.stream;

import dev.hearth.linux.Fd;
import dev.hearth.linux.LinuxException;
import dev.hearth.linux.Opens;
import dev.hearth.linux.Poller;
import dev.hearth.linux.UnixSockets;
import dev.hearth.shim.ShimClient;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What lies between a client's streams and a process: the ends here, and those for the shim. */
final class Pipes implements AutoCloseable {
  private final Optional<Ends> stdin;
  private final Optional<Ends> stdout;
  private final Optional<Ends> stderr;

  private record Ends(Fd ours, Fd theirs) {
    static Ends reading() throws LinuxException {
      Opens.Pipe pipe = Opens.pipe();
      return new Ends(pipe.reader(), pipe.writer());
    }

    static Ends writing() throws LinuxException {
      Opens.Pipe pipe = Opens.pipe();
      return new Ends(pipe.writer(), pipe.reader());
    }

    static Ends writingSocket() throws LinuxException {
      UnixSockets.Pair pair = UnixSockets.pair(UnixSockets.Kind.STREAM);
      return new Ends(pair.first(), pair.second());
    }

    void close() {
      ours.close();
      theirs.close();
    }
  }

  private interface Opening {
    Ends open() throws LinuxException;
  }

  private Pipes(Optional<Ends> stdin, Optional<Ends> stdout, Optional<Ends> stderr) {
    this.stdin = stdin;
    this.stdout = stdout;
    this.stderr = stderr;
  }

  /** For a command, which has the other ends itself. */
  static Pipes ofCommand(StdioRequest stdio) throws LinuxException {
    return open(stdio.stdin(), Ends::writing, stdio);
  }

  /**
   * For an attachment, whose other ends the shim keeps. It reads stdin from a socket, for by that
   * it can be seen when it has read all.
   */
  static Pipes ofAttachment(boolean stdin, StdioRequest stdio) throws LinuxException {
    return open(stdin, Ends::writingSocket, stdio);
  }

  private static Pipes open(boolean stdin, Opening writing, StdioRequest stdio)
      throws LinuxException {
    List<Ends> opened = new ArrayList<>();
    try {
      return new Pipes(
          open(stdin, writing, opened),
          open(stdio.stdout(), Ends::reading, opened),
          open(stdio.stderr(), Ends::reading, opened));
    } catch (LinuxException | RuntimeException e) {
      opened.forEach(Ends::close);
      throw e;
    }
  }

  private static Optional<Ends> open(boolean wanted, Opening opening, List<Ends> opened)
      throws LinuxException {
    if (!wanted) {
      return Optional.empty();
    }
    Ends ends = opening.open();
    opened.add(ends);
    return Optional.of(ends);
  }

  /** The ends for the shim. */
  ShimClient.Streams theirs() {
    return new ShimClient.Streams(
        stdin.map(Ends::theirs), stdout.map(Ends::theirs), stderr.map(Ends::theirs));
  }

  /** As long as they are open here too, no end is seen. */
  void closeTheirs() {
    stdin.ifPresent(ends -> ends.theirs().close());
    stdout.ifPresent(ends -> ends.theirs().close());
    stderr.ifPresent(ends -> ends.theirs().close());
  }

  List<OutputPump> startOutputs(CommandClient client, Poller poller) throws LinuxException {
    List<OutputPump> pumps = new ArrayList<>();
    if (stdout.isPresent()) {
      pumps.add(OutputPump.start(stdout.get().ours(), poller, client.stdout()));
    }
    if (stderr.isPresent()) {
      pumps.add(OutputPump.start(stderr.get().ours(), poller, client.stderr()));
    }
    return pumps;
  }

  /** What the end of a client's stdin does. */
  interface AtEnd {
    void run(Fd ours) throws LinuxException, InterruptedException;
  }

  /** Begins to feed stdin from the client, and throws away what nobody wants. */
  void startInput(CommandClient client, Poller poller, AtEnd atEnd) throws LinuxException {
    if (stdin.isPresent() && client.stdin().isPresent()) {
      Fd ours = stdin.get().ours();
      InputPump.start(client.stdin().get(), ours, poller, () -> atEnd.run(ours));
    } else {
      client.stdin().ifPresent(ClientStream::discardInput);
    }
  }

  /** Ends a stdin that is a socket, and waits until the shim has read all of it. */
  static void awaitRead(Fd socket, Poller poller) throws LinuxException, InterruptedException {
    UnixSockets.shutdown(socket, UnixSockets.Direction.WRITE);
    poller.awaitReadable(socket); // nobody writes there, so it is the end
    socket.close();
  }

  @Override
  public void close() {
    stdin.ifPresent(Ends::close);
    stdout.ifPresent(Ends::close);
    stderr.ifPresent(Ends::close);
  }
}
