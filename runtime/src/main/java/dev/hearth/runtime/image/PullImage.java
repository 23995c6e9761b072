package dev.hearth.runtime.image;

import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.model.ImageReference;
import dev.hearth.runtime.registry.Credentials;
import dev.hearth.runtime.registry.RegistryClient;
import dev.hearth.runtime.registry.RegistryException;
import dev.hearth.runtime.registry.Repository;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/**
 * Pulls images. Those who want the same reference with the same credentials at the same time share
 * one pull. It ends when it is done, or when the last of them is interrupted; what arrived until
 * then is kept for a while, and the next pull goes on with it.
 */
public final class PullImage implements AutoCloseable {
  private static final Duration SHUTDOWN = Duration.ofSeconds(10);

  private final RegistryClient client;
  private final Pull.Shared shared;
  private final ExecutorService executor =
      Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("pull-", 0).factory());
  private final Flights<Key, Image> flights = new Flights<>(executor);

  private record Key(ImageReference reference, String credentials) {}

  /**
   * @param pinned which references name images that the operator wants kept
   */
  public PullImage(
      ImageContent content,
      RegistryClient client,
      PullLimits limits,
      Platforms platforms,
      Predicate<ImageReference> pinned) {
    this.client = client;
    this.shared =
        new Pull.Shared(
            content,
            limits,
            platforms,
            new KeyedPermits<>(limits.downloads(), limits.allDownloads()),
            new KeyedPermits<>(limits.unpackings(), limits.allUnpackings()),
            pinned);
  }

  /**
   * Pulls what a reference names now. The image is on disk when this returns.
   *
   * @param image a reference, completed as Docker does
   * @throws HearthException if it cannot be had: InvalidRequest for what is no reference, NotFound,
   *     AccessDenied, Busy where the registry does not answer, LimitReached for a full disk or an
   *     image beyond our bounds, Unsupported, HostFailure for content that is not what it says
   * @throws InterruptedException if the calling thread is interrupted; others who wait for the same
   *     pull are not affected
   */
  public Image pull(String image, Credentials credentials, PullProgress progress)
      throws InterruptedException {
    ImageReference reference = ImageReference.parse(image).canonical();
    String what = "cannot pull image " + reference;
    try {
      Repository repository = client.repository(reference, credentials);
      return flights.join(
          new Key(reference, credentials.fingerprint()),
          progress,
          hub -> new Pull(shared, reference, repository, hub));
    } catch (ExecutionException e) {
      throw failure(what, e.getCause() instanceof Exception cause ? cause : e);
    } catch (CancellationException | RejectedExecutionException e) {
      throw new HearthException.Busy(what + ": the daemon is stopping", e);
    } catch (RegistryException e) {
      throw ImageFailures.of(what, e);
    }
  }

  private static HearthException failure(String what, Exception cause) {
    return cause instanceof InterruptedException
        ? new HearthException.Busy(what + ": the daemon is stopping", cause)
        : ImageFailures.of(what, cause);
  }

  /** Breaks off all pulls. */
  @Override
  public void close() {
    executor.shutdownNow();
    try {
      executor.awaitTermination(SHUTDOWN.toSeconds(), TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
