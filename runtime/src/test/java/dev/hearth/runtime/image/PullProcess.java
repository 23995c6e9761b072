package dev.hearth.runtime.image;

import dev.hearth.runtime.content.ContentStore;
import dev.hearth.runtime.model.Failpoints;
import dev.hearth.runtime.registry.Clients;
import dev.hearth.runtime.registry.Credentials;
import dev.hearth.runtime.registry.RegistryClient;
import dev.hearth.runtime.registry.RegistryHosts;
import dev.hearth.runtime.snapshot.Layers;
import dev.hearth.runtime.store.RecordStore;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A daemon's images in a process of their own, on the real layers, so that it can die. Arguments:
 * root, verb ({@code pull} or {@code remove}), image, and the number of the step after which to die
 * as by kill -9, counted from 1; 0 for never. Exits 0 when the verb succeeded, {@value #DIED} when
 * it died.
 */
final class PullProcess implements AutoCloseable {
  static final int DIED = 99;

  final Images images;
  final ImageContent content;
  final Layers layers;
  final List<String> reports = new ArrayList<>();
  private final RegistryClient client;
  private final PullImage pulls;

  PullProcess(Path root, Failpoints failpoints) throws Exception {
    layers = Layers.open(root);
    images =
        Images.load(
            RecordStore.open(
                root.resolve("images"),
                Images.RECORD_KIND,
                Images.RECORD_VERSION,
                Image.class,
                true),
            failpoints,
            reports);
    content =
        new ImageContent(
            images,
            ContentStore.open(root.resolve("content")),
            LayerDepot.of(layers),
            InstantSource.system(),
            failpoints);
    reports.addAll(new ScanImages(content).scan());
    client = Clients.client(RegistryHosts.DIRECT, new ArrayList<>());
    pulls =
        new PullImage(
            content, client, PullLimits.DEFAULT, Platforms.ofJava("amd64"), reference -> false);
  }

  Image pull(String image) throws InterruptedException {
    return pulls.pull(image, Credentials.NONE, PullProgress.NONE);
  }

  @Override
  public void close() {
    pulls.close();
    client.close();
  }

  static final class DieAfter implements Failpoints {
    private final AtomicInteger left;

    DieAfter(int steps) {
      left = new AtomicInteger(steps);
    }

    @Override
    public void before(String step) {}

    @Override
    public void after(String step) {
      if (left.decrementAndGet() == 0) {
        Runtime.getRuntime().halt(DIED);
      }
    }
  }

  public static void main(String[] arguments) throws Exception {
    Path root = Path.of(arguments[0]);
    try (PullProcess daemon = new PullProcess(root, new DieAfter(Integer.parseInt(arguments[3])))) {
      if (arguments[1].equals("pull")) {
        daemon.pull(arguments[2]);
      } else {
        new RemoveImage(daemon.content).remove(arguments[2]);
      }
    }
    // HttpClient's and Hearth's threads need no farewell.
    Runtime.getRuntime().halt(0);
  }
}
