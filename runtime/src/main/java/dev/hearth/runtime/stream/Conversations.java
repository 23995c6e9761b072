package dev.hearth.runtime.stream;

import dev.hearth.runtime.container.Container;
import dev.hearth.runtime.container.Containers;
import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.pod.Pod;
import dev.hearth.runtime.pod.PodSockets;
import dev.hearth.runtime.pod.Pods;
import java.util.concurrent.TimeoutException;

/** Starts what a client that has connected asked for, each on a virtual thread of its own. */
final class Conversations {
  private static final System.Logger LOG = System.getLogger("dev.hearth.stream");

  private final Containers containers;
  private final Pods pods;
  private final ExecConversation exec;
  private final AttachConversation attach;
  private final PodSockets sockets;

  Conversations(
      Containers containers,
      Pods pods,
      ExecConversation exec,
      AttachConversation attach,
      PodSockets sockets) {
    this.containers = containers;
    this.pods = pods;
    this.exec = exec;
    this.attach = attach;
    this.sockets = sockets;
  }

  /** Where a client comes from whose streams may have to be waited for. */
  interface ClientSource {
    CommandClient await() throws TimeoutException, InterruptedException;
  }

  /** Runs an exec or attach. */
  void start(StreamRequest.Command request, ClientConnection connection, ClientSource source) {
    Thread.ofVirtual().name("stream").start(() -> run(request, connection, source));
  }

  private void run(
      StreamRequest.Command request, ClientConnection connection, ClientSource source) {
    try {
      CommandClient client = source.await();
      client.conclude(outcome(request, client));
    } catch (TimeoutException e) {
      LOG.log(System.Logger.Level.DEBUG, "a stream was not begun: {0}", e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      connection.end();
    }
  }

  private Outcome outcome(StreamRequest.Command request, CommandClient client)
      throws InterruptedException {
    try {
      Container container = containers.require(request.container());
      return switch (request) {
        case StreamRequest.Exec wanted ->
            exec.hold(container, wanted.command(), wanted.stdio(), client);
        case StreamRequest.Attach wanted -> attach.hold(container, wanted.stdio(), client);
      };
    } catch (HearthException e) {
      return new Outcome.Failed(String.valueOf(e.getMessage()));
    } catch (InterruptedException e) {
      throw e;
    } catch (Exception e) {
      LOG.log(System.Logger.Level.WARNING, "a stream failed", e);
      return new Outcome.Failed("the node failed to go on with it: " + e.getMessage());
    }
  }

  /** A connection of a port-forward. */
  record Forwarded(int port, ClientStream data, ClientStream error) {}

  /**
   * Carries one connection of a port-forward.
   *
   * @param andThen done when it is over
   */
  void start(StreamRequest.PortForward request, Forwarded forwarded, Runnable andThen) {
    Thread.ofVirtual()
        .name("port-forward")
        .start(() -> {
          try {
            Pod pod = pods.require(request.pod().value());
            new PortForwardConversation(sockets, pod).hold(forwarded);
          } catch (HearthException.NotFound e) {
            forwarded.data().reset();
            forwarded.error().reset();
          } finally {
            andThen.run();
          }
        });
  }
}
