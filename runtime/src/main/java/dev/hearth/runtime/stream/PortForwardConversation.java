package dev.hearth.runtime.stream;

import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.pod.Pod;
import dev.hearth.runtime.pod.PodSockets;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;

/**
 * One forwarded connection. Each side may end its half while the other goes on, as between two
 * sockets; it is over when both have, or when one has failed.
 */
final class PortForwardConversation {
  private static final int CHUNK = 32 << 10;

  private final PodSockets sockets;
  private final Pod pod;

  PortForwardConversation(PodSockets sockets, Pod pod) {
    this.sockets = sockets;
    this.pod = pod;
  }

  /** Carries bytes until it is over. A failure goes to the error stream. */
  void hold(Conversations.Forwarded forwarded) {
    ClientStream data = forwarded.data();
    ClientStream error = forwarded.error();
    try (SocketChannel socket = sockets.connect(pod, forwarded.port())) {
      data.onRefusal(() -> close(socket));
      carry(socket, data);
      data.finish();
    } catch (IOException | HearthException e) {
      tell(forwarded.port(), e, error);
      data.reset();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      data.reset();
    } finally {
      error.discardInput();
      error.finish();
      data.discardInput();
    }
  }

  private void carry(SocketChannel socket, ClientStream data)
      throws IOException, InterruptedException {
    CountDownLatch sent = new CountDownLatch(1);
    Thread.ofVirtual()
        .name("port-forward-input")
        .start(() -> {
          try {
            toPod(data, socket);
          } finally {
            sent.countDown();
          }
        });
    boolean ended = false;
    try {
      toClient(socket, data);
      ended = true;
    } finally {
      data.finish();
      if (!ended) {
        socket.close(); // which ends the other way too
        data.discardInput();
      }
      sent.await();
    }
  }

  private static void close(SocketChannel socket) {
    try {
      socket.close();
    } catch (IOException e) {
      // Closed it is all the same.
    }
  }

  private static void toPod(ClientStream data, SocketChannel socket) {
    byte[] bytes = new byte[CHUNK];
    try {
      for (int count = data.read(bytes); count >= 0; count = data.read(bytes)) {
        ByteBuffer buffer = ByteBuffer.wrap(bytes, 0, count);
        while (buffer.hasRemaining()) {
          socket.write(buffer);
        }
      }
      socket.shutdownOutput();
    } catch (IOException e) {
      // The pod takes no more; what it still has to say may come all the same.
      data.discardInput();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void toClient(SocketChannel socket, ClientStream data)
      throws IOException, InterruptedException {
    byte[] bytes = new byte[CHUNK];
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    while (true) {
      buffer.clear();
      int count = socket.read(buffer);
      if (count < 0) {
        return;
      }
      data.write(bytes, 0, count);
    }
  }

  private void tell(int port, Exception cause, ClientStream error) {
    String text =
        "port %d of pod sandbox %s could not be forwarded: %s"
            .formatted(port, pod.id(), cause.getMessage());
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    try {
      error.write(bytes, 0, bytes.length);
    } catch (IOException e) {
      // The client is gone, or does not listen.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
