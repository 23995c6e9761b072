package dev.hearth.runtime.registry;

import dev.hearth.runtime.registry.RegistryException.ProtocolViolation;
import dev.hearth.runtime.registry.RegistryException.Unreachable;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One blob's way from its hosts to a sink. Used by one thread.
 *
 * @param <E> what the sink throws
 */
final class Transfer<E extends Exception> {
  private static final int BUFFER = 1 << 16;

  /** Progress below this between two breaks does not count as any. */
  private static final long WORTH = 1 << 16;

  private static final Pattern CONTENT_RANGE =
      Pattern.compile("bytes ([0-9]{1,18})-([0-9]{1,18})/.*");

  private final Descriptor blob;
  private final BlobSink<E> sink;
  private final Retry retry;
  private final byte[] buffer = new byte[BUFFER];
  private long position;
  private @Nullable E sinkFailure;

  Transfer(Descriptor blob, long from, BlobSink<E> sink, Retry retry) {
    this.blob = blob;
    this.position = from;
    this.sink = sink;
    this.retry = retry;
  }

  /** Throws what the sink threw, if it did. */
  void rethrow() throws E {
    if (sinkFailure != null) {
      throw sinkFailure;
    }
  }

  /** Transfers what is missing, until all is there, the sink fails, or this host has no more. */
  void from(Connection connection) throws RegistryException, InterruptedException {
    String what = "blob " + blob.digest();
    int failures = 0;
    while (position < blob.size()) {
      long before = position;
      Duration wanted = Duration.ZERO;
      RegistryException failure;
      try {
        // The answer's own retries are counted here, so that both share one bound.
        connection.once(
            "GET", "blobs/" + blob.digest(), what, range(), Set.of(), a -> copy(connection, a));
        if (sinkFailure != null) {
          return;
        }
        failure =
            new Unreachable(connection.subject(what) + " ended early, at byte " + position, null);
      } catch (Retry.TryAgain e) {
        failure = e.failure();
        wanted = e.wanted();
      } catch (IOException e) {
        failure = Retry.unreachable(connection.subject(what), e);
        if (!Retry.passes(e)) {
          throw failure;
        }
      }
      if (position == blob.size()) {
        return;
      }
      failures = position - before >= WORTH ? 1 : failures + 1;
      if (failures >= connection.attempts()) {
        throw failure;
      }
      retry.pauseAfter(failures, wanted);
    }
  }

  private Map<String, String> range() {
    return position == 0 ? Map.of() : Map.of("Range", "bytes=" + position + "-");
  }

  /** Hands the body of an answer to the sink. */
  private boolean copy(Connection connection, Http.Answer answer)
      throws IOException, RegistryException {
    long skip = answer.status() == 206 ? checkRange(connection, answer) : position;
    long announced = answer.response().headers().firstValueAsLong("content-length").orElse(-1);
    if (announced >= 0 && announced != blob.size() - position + skip) {
      throw new ProtocolViolation(
          subject(connection)
              + ": the registry announces "
              + announced
              + " bytes where the manifest says "
              + (blob.size() - position + skip));
    }
    answer.body().skipNBytes(skip);
    int n;
    while ((n = answer.body().read(buffer)) >= 0) {
      if (n > blob.size() - position) {
        throw new ProtocolViolation(
            subject(connection) + " is longer than the " + blob.size() + " bytes of the manifest");
      }
      if (!give(n)) {
        return false;
      }
    }
    return true;
  }

  @SuppressWarnings("unchecked") // BlobSink declares E and unchecked exceptions, no others.
  private boolean give(int n) {
    try {
      sink.accept(buffer, 0, n);
      position += n;
      return true;
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      sinkFailure = (E) e;
      return false;
    }
  }

  /** A part that was asked for must begin where it was asked to. Returns what to skip: nothing. */
  private long checkRange(Connection connection, Http.Answer answer) throws ProtocolViolation {
    Matcher matcher = CONTENT_RANGE.matcher(answer.header("content-range"));
    if (!matcher.matches() || Long.parseLong(matcher.group(1)) != position) {
      throw new ProtocolViolation(
          subject(connection) + ": the registry answers with another part than asked for");
    }
    return 0;
  }

  private String subject(Connection connection) {
    return connection.subject("blob " + blob.digest());
  }
}
