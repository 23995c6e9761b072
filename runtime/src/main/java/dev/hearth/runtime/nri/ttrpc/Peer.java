package dev.hearth.runtime.nri.ttrpc;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.hearth.proto.ttrpc.Request;
import dev.hearth.proto.ttrpc.Response;
import dev.hearth.proto.ttrpc.Status;
import java.io.IOException;
import java.nio.channels.ByteChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The other end of a trunk, which is called on one of its connections and calls on another.
 * Thread-safe. A thread of its own reads and another writes, so a peer that does not read holds up
 * no caller beyond its deadline.
 */
public final class Peer implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger("dev.hearth.nri");

  /** Messages that may wait to be written. */
  private static final int MAX_UNWRITTEN = 64;

  /** Calls of the peer that may be in progress. */
  private static final int MAX_SERVED = 16;

  /**
   * The numbers of the two connections.
   *
   * @param calls on which we call
   * @param served on which the peer calls
   */
  public record Lanes(int calls, int served) {}

  private record Outgoing(int lane, Message message) {}

  private final Trunk trunk;
  private final Lanes lanes;
  private final CallHandler handler;
  private final BlockingQueue<Outgoing> unwritten = new ArrayBlockingQueue<>(MAX_UNWRITTEN);
  private final ConcurrentMap<Integer, CompletableFuture<ByteString>> waiting =
      new ConcurrentHashMap<>();
  private final Semaphore served = new Semaphore(MAX_SERVED);
  private final CompletableFuture<String> closed = new CompletableFuture<>();
  private final Object numbering = new Object();
  private final Thread reader;
  private final Thread writer;

  /** Guarded by {@code numbering}. */
  private int nextStream = 1;

  /**
   * Not yet speaking; see {@link #start}.
   *
   * @param channel blocking; closed with this
   */
  public Peer(ByteChannel channel, Lanes lanes, CallHandler handler) {
    this.trunk = new Trunk(channel);
    this.lanes = lanes;
    this.handler = handler;
    this.reader = Thread.ofVirtual().name("nri-read").unstarted(this::read);
    this.writer = Thread.ofVirtual().name("nri-write").unstarted(this::write);
  }

  /** Begins to speak. */
  public void start() {
    reader.start();
    writer.start();
  }

  /** Completed with the reason when the connection has ended. */
  public CompletableFuture<String> closed() {
    return closed.copy();
  }

  public boolean open() {
    return !closed.isDone();
  }

  /**
   * Calls the peer and waits for its answer.
   *
   * @param within how long; told to the peer as well
   * @throws PeerException.Refused if it answers with an error
   */
  public ByteString call(String service, String method, ByteString payload, Duration within)
      throws PeerException, InterruptedException {
    ByteString request =
        Request.newBuilder()
            .setService(service)
            .setMethod(method)
            .setPayload(payload)
            .setTimeoutNano(within.toNanos())
            .build()
            .toByteString();
    if (request.size() > Message.MAX_LENGTH) {
      throw new PeerException.Refused(
          PeerException.Refused.RESOURCE_EXHAUSTED,
          method + " would take a message of " + request.size() + " bytes");
    }
    CompletableFuture<ByteString> answer = new CompletableFuture<>();
    int stream = send(request, answer);
    try {
      return result(answer.get(within.toNanos(), TimeUnit.NANOSECONDS));
    } catch (TimeoutException e) {
      throw new PeerException.Silent(
          method + " was not answered within " + within.toMillis() + " ms");
    } catch (ExecutionException e) {
      throw new PeerException.Gone(closed.getNow("the connection was closed"));
    } finally {
      waiting.remove(stream);
    }
  }

  /** The peer insists on numbers that grow as they come. */
  private int send(ByteString request, CompletableFuture<ByteString> answer) throws PeerException {
    synchronized (numbering) {
      int stream = nextStream;
      nextStream += 2;
      waiting.put(stream, answer);
      if (!open()) {
        waiting.remove(stream);
        throw new PeerException.Gone(closed.getNow("the connection was closed"));
      }
      if (!unwritten.offer(
          new Outgoing(lanes.calls(), new Message(stream, Message.REQUEST, (byte) 0, request)))) {
        waiting.remove(stream);
        throw new PeerException.Silent("the peer does not read");
      }
      return stream;
    }
  }

  private static ByteString result(ByteString payload) throws PeerException {
    Response response;
    try {
      response = Response.parseFrom(payload);
    } catch (InvalidProtocolBufferException e) {
      throw new PeerException.Broken("the answer is none: " + e.getMessage());
    }
    if (response.getStatus().getCode() != 0) {
      throw new PeerException.Refused(
          response.getStatus().getCode(), response.getStatus().getMessage());
    }
    return response.getPayload();
  }

  private void write() {
    try {
      while (true) {
        Outgoing next = unwritten.take();
        trunk.write(next.lane(), next.message());
      }
    } catch (IOException e) {
      end("writing failed: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void read() {
    MessageAssembly answers = new MessageAssembly();
    MessageAssembly calls = new MessageAssembly();
    try {
      while (true) {
        Frame frame = trunk.read();
        if (frame.lane() == lanes.calls()) {
          answers.add(frame.payload()).forEach(this::answered);
        } else if (frame.lane() == lanes.served()) {
          calls.add(frame.payload()).forEach(this::called);
        }
        // The contract has other connections be ignored.
      }
    } catch (IOException e) {
      end(e.getMessage() == null ? "the connection was closed" : e.getMessage());
    } catch (PeerException.Broken e) {
      end(String.valueOf(e.getMessage()));
    }
  }

  private void answered(Message message) {
    CompletableFuture<ByteString> answer = waiting.remove(message.stream());
    if (answer != null && message.type() == Message.RESPONSE) {
      answer.complete(message.payload());
    }
    // Otherwise somebody has stopped waiting for it.
  }

  private void called(Message message) {
    if (message.type() != Message.REQUEST) {
      return;
    }
    if (!served.tryAcquire()) {
      answer(
          message,
          refusal(PeerException.Refused.RESOURCE_EXHAUSTED, "too many calls are in progress"));
      return;
    }
    Thread.ofVirtual()
        .name("nri-call")
        .start(() -> {
          try {
            answer(message, serve(message));
          } finally {
            served.release();
          }
        });
  }

  private Response serve(Message message) {
    try {
      Request request = Request.parseFrom(message.payload());
      ByteString result =
          handler.handle(request.getService(), request.getMethod(), request.getPayload());
      return Response.newBuilder().setPayload(result).build();
    } catch (InvalidProtocolBufferException e) {
      return refusal(PeerException.Refused.INVALID_ARGUMENT, String.valueOf(e.getMessage()));
    } catch (PeerException.Refused e) {
      return refusal(e.code(), String.valueOf(e.getMessage()));
    } catch (RuntimeException e) {
      LOG.log(System.Logger.Level.ERROR, "a plugin's call failed", e);
      return refusal(PeerException.Refused.UNKNOWN, e.toString());
    }
  }

  private static Response refusal(int code, String message) {
    return Response.newBuilder()
        .setStatus(Status.newBuilder().setCode(code).setMessage(message))
        .build();
  }

  private void answer(Message call, Response response) {
    ByteString payload = response.toByteString();
    if (payload.size() > Message.MAX_LENGTH) {
      payload =
          refusal(PeerException.Refused.RESOURCE_EXHAUSTED, "the answer is too long")
              .toByteString();
    }
    if (!unwritten.offer(
        new Outgoing(
            lanes.served(), new Message(call.stream(), Message.RESPONSE, (byte) 0, payload)))) {
      end("the peer does not read");
    }
  }

  private void end(String reason) {
    if (!closed.complete(reason)) {
      return;
    }
    try {
      trunk.close();
    } catch (IOException e) {
      LOG.log(System.Logger.Level.DEBUG, "a plugin's connection did not close", e);
    }
    writer.interrupt();
    new ArrayList<>(waiting.values())
        .forEach(answer -> answer.completeExceptionally(new IOException(reason)));
  }

  /** Ends the connection and every call in progress. */
  @Override
  public void close() {
    end("it was dropped");
  }
}
