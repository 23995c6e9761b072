package dev.hearth.runtime.stream;

import dev.hearth.linux.LinuxException;
import dev.hearth.linux.Poller;
import dev.hearth.runtime.container.AttachContainer;
import dev.hearth.runtime.container.Container;
import dev.hearth.shim.Attachment;
import dev.hearth.shim.ShimException;
import dev.hearth.shim.ShimUnreachable;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A client attached to a container, until the container ends, the client vanishes, or the client
 * ends stdin where the container's stays open for the next one.
 */
final class AttachConversation {
  private static final Duration FOR_EVER = Duration.ofDays(365);

  private final AttachContainer attach;
  private final Poller poller;

  AttachConversation(AttachContainer attach, Poller poller) {
    this.attach = attach;
    this.poller = poller;
  }

  Outcome hold(Container container, StdioRequest stdio, CommandClient client)
      throws ShimException, LinuxException, TimeoutException, InterruptedException {
    // What a client sends to a container without stdin goes nowhere, as with the peers.
    boolean stdin = stdio.stdin() && container.spec().stdin();
    try (Pipes pipes = Pipes.ofAttachment(stdin, stdio);
        Attachment attachment = attach.attach(container, pipes.theirs())) {
      pipes.closeTheirs();
      AtomicBoolean detached = new AtomicBoolean();
      Runnable detach =
          () -> {
            detached.set(true);
            leave(attachment);
          };
      client.connection().onGone(detach);
      List<OutputPump> outputs = pipes.startOutputs(client, poller);
      pipes.startInput(
          client,
          poller,
          socket -> {
            Pipes.awaitRead(socket, poller);
            if (!endsWithStdin(container)) {
              detach.run();
            }
          });
      client
          .resize()
          .ifPresent(sizes -> ResizePump.start(sizes, size -> attach.resize(container, size)));
      Outcome outcome = await(container, attachment, detached);
      if (outcome instanceof Outcome.Failed) {
        detach.run(); // of what is left of it
      }
      for (OutputPump output : outputs) {
        output.await();
      }
      return outcome;
    }
  }

  private static void leave(Attachment attachment) {
    attachment.close();
  }

  /** Whether the end of its stdin is the container's to see, who is then waited for. */
  private static boolean endsWithStdin(Container container) {
    return container.spec().stdinOnce() && !container.spec().tty();
  }

  private static Outcome await(Container container, Attachment attachment, AtomicBoolean detached)
      throws ShimException, LinuxException, TimeoutException, InterruptedException {
    try {
      return switch (attachment.await(FOR_EVER)) {
        case CONTAINER_ENDED -> new Outcome.Success();
        case TOO_SLOW ->
            new Outcome.Failed(
                "detached from container "
                    + container.id()
                    + ": its output was read too slowly; its log has all of it");
      };
    } catch (ShimUnreachable e) {
      return new Outcome.Success(); // it ends just after its container
    } catch (LinuxException e) {
      if (detached.get()) {
        return new Outcome.Success();
      }
      throw e;
    }
  }
}
