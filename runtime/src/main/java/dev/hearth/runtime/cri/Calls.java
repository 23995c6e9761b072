package dev.hearth.runtime.cri;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import dev.hearth.runtime.model.HearthException;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;

/**
 * Carries out one unary call: refuses it while the daemon is not ready, answers or fails it, and
 * writes its one log line. Ids, outcome and duration are logged; never environment, credentials or
 * whole requests.
 */
public final class Calls {
  private static final System.Logger LOG = System.getLogger("dev.hearth.cri");

  /** Fields that say what a call is about. */
  private static final List<String> SUBJECTS =
      List.of("pod_sandbox_id", "container_id", "image_ref");

  /** Calls that change nothing; clients poll them, so they are logged at DEBUG. */
  private static final Set<String> READS =
      Set.of("Version", "Status", "RuntimeConfig", "ExecSync", "UpdateRuntimeConfig");

  private final BooleanSupplier ready;

  public Calls(BooleanSupplier ready) {
    this.ready = ready;
  }

  /** What a call does. Whatever it throws becomes its status. */
  @FunctionalInterface
  interface Body<A> {
    A run() throws Exception;
  }

  <A extends Message> void unary(
      String method, Message request, StreamObserver<A> observer, Body<A> body) {
    long start = System.nanoTime();
    A answer;
    try {
      requireReady();
      answer = body.run();
    } catch (Throwable failure) {
      fail(method, request, start, failure, observer);
      return;
    }
    LOG.log(
        level(method), () -> method + subject(request, answer) + " " + milliseconds(start) + " ms");
    observer.onNext(answer);
    observer.onCompleted();
  }

  /**
   * As {@link #unary}, of a call that may stop anywhere: it is interrupted when its client has
   * gone.
   */
  <A extends Message> void cancellable(
      String method, Message request, StreamObserver<A> observer, Body<A> body) {
    unary(
        method,
        request,
        observer,
        () -> {
          try (var _ = Cancellation.ofThisCall()) {
            return body.run();
          }
        });
  }

  /** What a streaming call does; it answers as it goes. */
  @FunctionalInterface
  interface StreamBody {
    void run() throws Exception;
  }

  /** Carries out a call that answers with a stream. */
  void stream(String method, Message request, StreamObserver<?> observer, StreamBody body) {
    long start = System.nanoTime();
    try {
      requireReady();
      body.run();
    } catch (CancellationException e) {
      LOG.log(
          System.Logger.Level.DEBUG,
          () -> method + subject(request, request) + " " + milliseconds(start) + " ms: " + e);
      return;
    } catch (Throwable failure) {
      fail(method, request, start, failure, observer);
      return;
    }
    LOG.log(
        level(method),
        () -> method + subject(request, request) + " " + milliseconds(start) + " ms");
    observer.onCompleted();
  }

  /** What a call does that answers at its client's pace; it runs on a thread of its own. */
  @FunctionalInterface
  interface Answering<A> {
    void run(AnswerStream<A> answers) throws Exception;
  }

  /**
   * Carries out a call that answers with a stream as fast as its client takes it. Returns at once,
   * for gRPC tells of a client's pace and end on the thread that called.
   */
  <A extends Message> void answering(
      String method, Message request, StreamObserver<A> observer, Answering<A> body) {
    AnswerStream<A> answers = new AnswerStream<>((ServerCallStreamObserver<A>) observer);
    Thread.ofVirtual()
        .name("stream-" + method)
        .start(() -> stream(method, request, observer, () -> body.run(answers)));
  }

  private void requireReady() {
    if (!ready.getAsBoolean()) {
      throw new HearthException.Busy(
          "hearthd is starting: what was running is being taken over; try again");
    }
  }

  private static void fail(
      String method, Message request, long start, Throwable failure, StreamObserver<?> observer) {
    Status status = StatusMapping.status(failure);
    boolean ours =
        status.getCode() == Status.Code.INTERNAL && !(failure instanceof HearthException);
    String line =
        method
            + subject(request, request)
            + " "
            + status.getCode()
            + " "
            + milliseconds(start)
            + " ms: "
            + status.getDescription();
    if (ours) {
      LOG.log(System.Logger.Level.ERROR, line, failure);
    } else {
      LOG.log(
          status.getCode() == Status.Code.INTERNAL ? System.Logger.Level.WARNING : level(method),
          line);
    }
    observer.onError(status.asRuntimeException());
  }

  private static System.Logger.Level level(String method) {
    boolean read =
        READS.contains(method)
            || method.startsWith("List")
            || method.startsWith("Stream")
            || method.endsWith("Events")
            || method.endsWith("Status")
            || method.endsWith("Stats")
            || method.endsWith("Info");
    return read ? System.Logger.Level.DEBUG : System.Logger.Level.INFO;
  }

  private static String milliseconds(long start) {
    long micros = (System.nanoTime() - start) / 1000;
    return micros / 1000 + "." + String.valueOf(1000 + micros % 1000).substring(1, 3);
  }

  private static String subject(Message request, Message answer) {
    StringBuilder text = new StringBuilder();
    for (String name : SUBJECTS) {
      String value = field(request, name);
      if (value.isEmpty()) {
        value = field(answer, name);
      }
      if (!value.isEmpty()) {
        text.append(' ').append(value.length() == 64 ? value.substring(0, 13) : value);
      }
    }
    return text.toString();
  }

  private static String field(Message message, String name) {
    FieldDescriptor field = message.getDescriptorForType().findFieldByName(name);
    return field != null && field.getJavaType() == FieldDescriptor.JavaType.STRING
        ? (String) message.getField(field)
        : "";
  }
}
