package dev.hearth.runtime.registry;

import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The body of an answer, read by one thread as it arrives, with a watchdog: HttpClient's own
 * timeout ends with the headers, and a connection that has died silently, or a peer that sends a
 * byte now and then, would hold its reader for ever. At most {@value #AHEAD} deliveries of the
 * connection are held.
 *
 * <p>Closing it early ends the connection.
 */
final class Body extends InputStream implements BodySubscriber<Body> {
  private static final int AHEAD = 2;
  private static final Object END = new Object();

  /** Fewer bytes than this in the time of one silence are as good as silence. */
  private static final int LEAST = 1 << 18;

  private final Duration idle;

  /** Lists of buffers, then END or a Throwable. Bounded by what is requested. */
  private final BlockingQueue<Object> arrived = new LinkedBlockingQueue<>();

  // Guarded by this.
  private Flow.@Nullable Subscription subscription;
  private boolean closed;

  // Of the reading thread.
  private @Nullable List<ByteBuffer> delivery;
  private int next;
  private boolean ended;
  private long since = System.nanoTime();
  private long sinceBytes;

  /**
   * @param idle how long to wait for the next byte, and for {@value #LEAST} of them while the
   *     reader keeps up
   */
  Body(Duration idle) {
    this.idle = idle;
  }

  @Override
  public CompletionStage<Body> getBody() {
    return CompletableFuture.completedFuture(this);
  }

  @Override
  public synchronized void onSubscribe(Flow.Subscription newSubscription) {
    if (subscription != null || closed) {
      newSubscription.cancel();
      return;
    }
    subscription = newSubscription;
    newSubscription.request(AHEAD);
  }

  @Override
  public void onNext(List<ByteBuffer> buffers) {
    arrived.add(buffers);
  }

  @Override
  public void onError(Throwable failure) {
    arrived.add(failure);
  }

  @Override
  public void onComplete() {
    arrived.add(END);
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    ByteBuffer buffer = current();
    if (buffer == null) {
      return -1;
    }
    int n = Math.min(length, buffer.remaining());
    buffer.get(bytes, offset, n);
    sinceBytes += n;
    return n;
  }

  /** The buffer to read from, waiting for one if need be; null at the end. */
  private @Nullable ByteBuffer current() throws IOException {
    while (!ended) {
      if (delivery != null) {
        for (; next < delivery.size(); next++) {
          if (delivery.get(next).hasRemaining()) {
            return delivery.get(next);
          }
        }
        delivery = null;
        more();
      }
      take();
    }
    return null;
  }

  @SuppressWarnings("unchecked") // What onNext put there.
  private void take() throws IOException {
    if (System.nanoTime() - since > idle.toNanos()) {
      if (sinceBytes < LEAST) {
        close();
        throw new HttpTimeoutException(
            "only " + sinceBytes + " bytes arrived in " + idle.toSeconds() + " s");
      }
      since = System.nanoTime();
      sinceBytes = 0;
    }
    Object item;
    try {
      item = arrived.poll(idle.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      close();
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while reading", e);
    }
    switch (item) {
      case null -> {
        close();
        throw new HttpTimeoutException("nothing arrived for " + idle.toSeconds() + " s");
      }
      case List<?> buffers -> {
        delivery = (List<ByteBuffer>) buffers;
        next = 0;
      }
      case Throwable failure -> {
        ended = true;
        throw failure instanceof IOException e
            ? new IOException(String.valueOf(e.getMessage()), e)
            : new IOException("the connection failed", failure);
      }
      default -> ended = true;
    }
  }

  private synchronized void more() {
    if (subscription != null && !closed) {
      subscription.request(1);
    }
  }

  @Override
  public synchronized void close() {
    closed = true;
    if (subscription != null) {
      subscription.cancel();
    }
  }
}
