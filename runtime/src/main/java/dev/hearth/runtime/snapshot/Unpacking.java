package dev.hearth.runtime.snapshot;

import dev.hearth.runtime.model.Digest;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * Unpacks one archive into one target, on two platform threads of its own: one decompresses, the
 * other digests, decodes and writes. Both use the processor throughout, which on a virtual thread
 * would keep every other from running.
 */
final class Unpacking {
  /** Sum of the implied directories' paths that a record holds. */
  private static final int IMPLIED_BYTES = 16 << 20;

  private final LayerTarget target;
  private final Scratch scratch;
  private final long hashKey;
  private final LayerLimits limits;
  private final String name;
  private final ChunkPipe pipe = new ChunkPipe();

  /**
   * @param hashKey see {@link LayerTree}
   * @param name of the threads
   */
  Unpacking(LayerTarget target, Scratch scratch, long hashKey, LayerLimits limits, String name) {
    this.target = target;
    this.scratch = scratch;
    this.hashKey = hashKey;
    this.limits = limits;
    this.name = name;
  }

  /**
   * Unpacks the whole stream and syncs the result.
   *
   * @param expected digest the uncompressed archive must have
   */
  void run(InputStream compressed, LayerCompression compression, Digest expected)
      throws LayerException, IOException, InterruptedException {
    Thread inflater =
        Thread.ofPlatform()
            .daemon()
            .name("inflate-" + name)
            .start(() -> inflate(compressed, compression));
    var task =
        new FutureTask<Boolean>(() -> {
          write(expected);
          return true;
        });
    Thread writer = Thread.ofPlatform().daemon().name("unpack-" + name).start(task);
    try {
      task.get();
    } catch (ExecutionException e) {
      rethrow(Objects.requireNonNull(e.getCause()));
    } finally {
      stop(inflater, writer);
    }
  }

  private void inflate(InputStream compressed, LayerCompression compression) {
    try {
      Inflation.run(compressed, compression, pipe);
      pipe.end(null);
    } catch (Throwable e) { // handed to the reader, whose exception it becomes
      pipe.end(e);
    }
  }

  /**
   * Both have ended when this returns, so that the stream and the target are the caller's again.
   */
  private void stop(Thread inflater, Thread writer) {
    pipe.cancel();
    boolean interrupted = Thread.interrupted();
    for (Thread thread : List.of(writer, inflater)) {
      while (thread.isAlive()) {
        // In a read that waits for the network, or a wait for a chunk.
        thread.interrupt();
        try {
          thread.join(100);
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static void rethrow(Throwable cause)
      throws LayerException, IOException, InterruptedException {
    switch (cause) {
      case LayerException e -> throw e;
      case IOException e -> throw e;
      case InterruptedException e -> throw e;
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      default -> throw new IllegalStateException("unpacking throws nothing else", cause);
    }
  }

  private void write(Digest expected) throws LayerException, IOException, InterruptedException {
    try (scratch;
        target) {
      var tree = new LayerTree(scratch, hashKey);
      var in = new ArchiveReader(pipe, limits.archiveBytes());
      var decoder = new TarDecoder(in, limits);
      var assembler = new LayerAssembler(tree, target, limits);
      LayerEntry entry;
      while ((entry = decoder.next()) != null) {
        assembler.add(entry, decoder);
      }
      verify(in, expected);
      tree.seal();
      target.finish(
          tree,
          new LayerRecord(
              in.bytes(), 0, 0, tree.is(LayerTree.ROOT, LayerTree.OPAQUE), implied(tree)),
          expected);
    }
  }

  private static void verify(ArchiveReader in, Digest expected) throws LayerException {
    Digest actual = in.digest();
    if (!actual.equals(expected)) {
      throw new LayerException(
          LayerException.Reason.WRONG_DIGEST,
          "the layer's archive has the digest "
              + actual
              + ", the image's configuration says "
              + expected);
    }
  }

  private record Pending(int dir, RawBytes path) {}

  private static List<RawBytes> implied(LayerTree tree) throws LayerException {
    var paths = new ArrayList<RawBytes>();
    if (tree.is(LayerTree.ROOT, LayerTree.IMPLIED)) {
      paths.add(RawBytes.EMPTY);
    }
    long bytes = 0;
    var pending = new ArrayList<Pending>();
    pending.add(new Pending(LayerTree.ROOT, RawBytes.EMPTY));
    while (!pending.isEmpty()) {
      Pending dir = pending.removeLast();
      for (int e = tree.first(dir.dir()); e != LayerTree.NONE; e = tree.next(e)) {
        int node = tree.node(e);
        if (tree.type(node) != LayerTree.DIRECTORY) {
          continue;
        }
        RawBytes path = dir.path().child(tree.name(e));
        pending.add(new Pending(node, path));
        if (tree.is(node, LayerTree.IMPLIED)) {
          paths.add(path);
          bytes += path.length();
          if (bytes > IMPLIED_BYTES) {
            throw LayerException.limit("too many directories that the archive only implies");
          }
        }
      }
    }
    return paths;
  }
}
