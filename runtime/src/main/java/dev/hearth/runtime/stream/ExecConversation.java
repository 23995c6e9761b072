package dev.hearth.runtime.stream;

import dev.hearth.linux.Descriptors;
import dev.hearth.linux.Fd;
import dev.hearth.linux.LinuxException;
import dev.hearth.linux.Poller;
import dev.hearth.runtime.container.BeginExec;
import dev.hearth.runtime.container.Container;
import dev.hearth.shim.ExecSession;
import dev.hearth.shim.ShimClient;
import dev.hearth.shim.ShimException;
import dev.hearth.shim.WindowSize;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeoutException;

/**
 * A command and its client, from beginning to end. A client that vanishes takes the command's stdin
 * with it and nothing else: the command runs on, what it writes is thrown away, and the
 * conversation ends with it.
 */
final class ExecConversation {
  /** How long output is awaited once the command has ended, if a child of its holds it open. */
  private static final Duration DRAIN = Duration.ofSeconds(1);

  private static final Duration ANSWER = Duration.ofSeconds(10);
  private static final Duration FOR_EVER = Duration.ofDays(365);

  /** What a terminal takes for the end of input, unless its user has changed that: control-D. */
  private static final byte[] END_OF_INPUT = {4};

  private final BeginExec exec;
  private final Poller poller;

  ExecConversation(BeginExec exec, Poller poller) {
    this.exec = exec;
    this.poller = poller;
  }

  Outcome hold(Container container, List<String> command, StdioRequest stdio, CommandClient client)
      throws ShimException, LinuxException, TimeoutException, InterruptedException {
    return stdio.terminal()
        ? withTerminal(container, command, client)
        : withPipes(container, command, stdio, client);
  }

  private Outcome withTerminal(Container container, List<String> command, CommandClient client)
      throws ShimException, LinuxException, TimeoutException, InterruptedException {
    try (ExecSession session =
        exec.begin(container, command, Optional.of(WindowSize.UNKNOWN), ShimClient.Streams.NONE)) {
      Fd terminal =
          session
              .terminal()
              .orElseThrow(() -> new IllegalStateException("the shim hands back no terminal"));
      OutputPump output = OutputPump.start(terminal, poller, client.stdout());
      if (client.stdin().isPresent()) {
        InputPump.start(client.stdin().get(), terminal, poller, () -> endInput(terminal));
      }
      client
          .resize()
          .ifPresent(sizes -> ResizePump.start(sizes, size -> session.resize(size, ANSWER)));
      int code = session.await(FOR_EVER).shellCode();
      output.drain(DRAIN);
      return Outcome.ofExit(code);
    }
  }

  /** A terminal cannot be half closed; its line discipline makes an end of this character. */
  private static void endInput(Fd terminal) {
    try {
      Descriptors.write(terminal, ByteBuffer.wrap(END_OF_INPUT));
    } catch (LinuxException e) {
      // It is gone, so nobody waits for input.
    }
  }

  private Outcome withPipes(
      Container container, List<String> command, StdioRequest stdio, CommandClient client)
      throws ShimException, LinuxException, TimeoutException, InterruptedException {
    try (Pipes pipes = Pipes.ofCommand(stdio)) {
      ExecSession begun = exec.begin(container, command, Optional.empty(), pipes.theirs());
      pipes.closeTheirs();
      try (ExecSession session = begun) {
        List<OutputPump> outputs = pipes.startOutputs(client, poller);
        pipes.startInput(client, poller, Fd::close);
        int code = session.await(FOR_EVER).shellCode();
        for (OutputPump output : outputs) {
          output.drain(DRAIN);
        }
        return Outcome.ofExit(code);
      }
    }
  }
}
