package dev.hearth.runtime.image;

import dev.hearth.runtime.content.ContentException;
import dev.hearth.runtime.content.Ingest;
import dev.hearth.runtime.image.PullProgress.Event;
import dev.hearth.runtime.image.PullProgress.Phase;
import dev.hearth.runtime.model.Digest;
import dev.hearth.runtime.registry.Descriptor;
import dev.hearth.runtime.registry.RegistryException;
import dev.hearth.runtime.registry.Repository;
import dev.hearth.runtime.snapshot.LayerException;
import java.io.InputStream;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * One layer's way from the registry to the disk. Its bytes go from the network to a file, which
 * survives us, and are digested on the way; another thread reads that file as it grows and unpacks
 * it. The unpacked layer is committed when both digests are right. The thread that calls it holds
 * the layer's lock.
 */
final class LayerFetch {
  private static final Logger LOGGER = System.getLogger(LayerFetch.class.getName());

  /** How long the unpacking may take to notice that it is not wanted any more. */
  private static final Duration ENDING = Duration.ofSeconds(60);

  private final ImageContent content;
  private final Repository repository;
  private final Turn turn;
  private final PullProgress progress;
  private final Descriptor layer;
  private final Digest diffId;

  /** How a layer waits until it may be unpacked. */
  interface Turn {
    KeyedPermits.Held await() throws InterruptedException;
  }

  LayerFetch(
      ImageContent content,
      Repository repository,
      Turn turn,
      PullProgress progress,
      Descriptor layer,
      Digest diffId) {
    this.content = content;
    this.repository = repository;
    this.turn = turn;
    this.progress = progress;
    this.layer = layer;
    this.diffId = diffId;
  }

  /** The unpacking ended before the transfer did; why is for its future to tell. */
  private static final class UnpackingEnded extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  /** Bytes arrived that are not the layer's. */
  private static final class Damaged extends Exception {
    private static final long serialVersionUID = 1;

    final Exception how;

    Damaged(Exception how) {
      super(how);
      this.how = how;
    }
  }

  /** Fetches and unpacks. Damaged bytes, of now or of an earlier attempt, are fetched once more. */
  LayerDepot.Stored run() throws Exception {
    try {
      return once();
    } catch (Damaged first) {
      LOGGER.log(Level.WARNING, "layer {0} is fetched anew: {1}", layer.digest(), first.how);
    }
    try {
      return once();
    } catch (Damaged second) {
      throw second.how;
    }
  }

  private LayerDepot.Stored once() throws Exception {
    try (Ingest ingest = content.blobs().ingest(layer.digest(), layer.size())) {
      content.space().require(layer.size() - ingest.position());
      FutureTask<LayerDepot.Stored> unpacking = new FutureTask<>(() -> unpack(ingest));
      Thread unpacker =
          Thread.ofVirtual().name("unpack " + diffId.hex().substring(0, 12)).start(unpacking);
      try {
        return transfer(ingest, unpacking);
      } finally {
        end(ingest, unpacker);
      }
    }
  }

  private LayerDepot.Stored transfer(Ingest ingest, FutureTask<LayerDepot.Stored> unpacking)
      throws Exception {
    boolean verified = false;
    try {
      receive(ingest, unpacking);
      ingest.verify();
      verified = true;
      report(Phase.UNPACKING, layer.size());
    } catch (UnpackingEnded e) {
      // Its outcome follows.
    } catch (ContentException.Corrupt e) {
      ingest.discard();
      throw new Damaged(e);
    }
    try {
      LayerDepot.Stored stored = unpacking.get();
      ingest.discard();
      report(Phase.DONE, layer.size());
      return stored;
    } catch (ExecutionException e) {
      throw unpackingFailed(ingest, verified, e);
    }
  }

  private void receive(Ingest ingest, FutureTask<LayerDepot.Stored> unpacking)
      throws RegistryException, ContentException, InterruptedException {
    report(Phase.DOWNLOADING, ingest.position());
    repository.fetch(
        layer,
        ingest.position(),
        (bytes, offset, length) -> {
          if (unpacking.isDone()) {
            throw new UnpackingEnded();
          }
          ingest.write(bytes, offset, length);
          report(Phase.DOWNLOADING, ingest.position());
        });
  }

  private Exception unpackingFailed(Ingest ingest, boolean verified, ExecutionException failure) {
    if (failure.getCause() instanceof LayerException e) {
      ingest.discard();
      // Before the digest of what was transferred is known, the fault may lie in the transfer.
      return !verified && e.reason() == LayerException.Reason.MALFORMED ? new Damaged(e) : e;
    }
    return failure.getCause() instanceof Exception e ? e : failure;
  }

  private LayerDepot.Stored unpack(Ingest ingest) throws Exception {
    try (KeyedPermits.Held _ = turn.await();
        InputStream in = content.space().guard(ingest.reader())) {
      content.failpoints().before("pull: unpack a layer");
      LayerDepot.Stored stored = content.layers().unpack(in, layer.mediaType(), diffId);
      content.failpoints().after("pull: unpack a layer");
      return stored;
    }
  }

  /**
   * Waits until the unpacking has ended too, whatever became of it: it must not outlive the lock.
   */
  private static void end(Ingest ingest, Thread unpacker) throws ContentException {
    boolean interrupted = Thread.interrupted();
    if (unpacker.isAlive()) {
      ingest.close();
      unpacker.interrupt();
      try {
        if (!unpacker.join(ENDING)) {
          LOGGER.log(Level.ERROR, "{0} does not end", unpacker.getName());
        }
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void report(Phase phase, long received) {
    progress.on(new Event(layer.digest(), phase, received, layer.size()));
  }
}
