package dev.hearth.runtime.image;

import dev.hearth.runtime.content.ContentStore;
import dev.hearth.runtime.model.Failpoints;
import dev.hearth.runtime.registry.Clients;
import dev.hearth.runtime.registry.Credentials;
import dev.hearth.runtime.registry.Platform;
import dev.hearth.runtime.registry.PushTarget;
import dev.hearth.runtime.registry.RegistryClient;
import dev.hearth.runtime.registry.RegistryHosts;
import dev.hearth.runtime.store.RecordStore;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Everything images need, on a directory; opened anew it is the daemon after a restart. */
final class Fixture implements AutoCloseable {
  final FakeDepot depot;
  final ContentStore blobs;
  final Images images;
  final ImageContent content;
  final RegistryClient client;
  final PullImage pulls;
  final List<String> reports = new ArrayList<>();
  final List<PullProgress.Event> events = Collections.synchronizedList(new ArrayList<>());
  volatile long free = 1L << 30;
  volatile Instant now = Instant.parse("2026-01-01T00:00:00Z");

  Fixture(Path root) throws Exception {
    this(root, Failpoints.NONE, PullLimits.DEFAULT);
  }

  Fixture(Path root, Failpoints failpoints, PullLimits limits) throws Exception {
    depot = new FakeDepot(root.resolve("layers"));
    blobs = ContentStore.open(root.resolve("content"));
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
            images, blobs, depot, new DiskSpace(() -> free, 1000), () -> now, failpoints);
    List<Duration> pauses = Collections.synchronizedList(new ArrayList<>());
    client =
        Clients.client(RegistryHosts.DIRECT, pauses, InstantSource.system(), Duration.ofSeconds(5));
    pulls =
        new PullImage(
            content,
            client,
            limits,
            new Platforms(new Platform("linux", "amd64", "")),
            reference -> reference.path().startsWith("pinned/"));
  }

  Image pull(PushTarget registry, String name) throws InterruptedException {
    return pulls.pull(registry.domain() + "/" + name, Credentials.NONE, events::add);
  }

  @Override
  public void close() {
    pulls.close();
    client.close();
  }
}
