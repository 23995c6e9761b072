package dev.hearth.daemon;

import dev.hearth.config.Configuration;
import dev.hearth.runtime.content.ContentException;
import dev.hearth.runtime.content.ContentStore;
import dev.hearth.runtime.cri.Calls;
import dev.hearth.runtime.cri.ImageService;
import dev.hearth.runtime.image.CollectGarbage;
import dev.hearth.runtime.image.Image;
import dev.hearth.runtime.image.ImageContent;
import dev.hearth.runtime.image.ImageFsInfo;
import dev.hearth.runtime.image.ImageStatus;
import dev.hearth.runtime.image.Images;
import dev.hearth.runtime.image.LayerDepot;
import dev.hearth.runtime.image.ListImages;
import dev.hearth.runtime.image.PinnedImages;
import dev.hearth.runtime.image.Platforms;
import dev.hearth.runtime.image.PullImage;
import dev.hearth.runtime.image.PullLimits;
import dev.hearth.runtime.image.RemoveImage;
import dev.hearth.runtime.image.ScanImages;
import dev.hearth.runtime.model.Failpoints;
import dev.hearth.runtime.pod.RuntimeHandlers;
import dev.hearth.runtime.registry.EnvironmentProxies;
import dev.hearth.runtime.registry.HostsDirectory;
import dev.hearth.runtime.registry.Pauses;
import dev.hearth.runtime.registry.RegistryClient;
import dev.hearth.runtime.registry.RegistryHost;
import dev.hearth.runtime.registry.RegistryHosts;
import dev.hearth.runtime.snapshot.DiskUsage;
import dev.hearth.runtime.snapshot.Layers;
import dev.hearth.runtime.store.RecordStore;
import dev.hearth.runtime.store.StoreException;
import io.grpc.BindableService;
import java.net.URI;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** Puts together what deals with images. */
final class ImageWiring implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger("dev.hearth.image");

  private final Images images;
  private final ImageContent content;
  private final RegistryClient client;
  private final Path root;
  private final PullImage pull;
  private final InstantSource clock;

  private ImageWiring(
      Images images,
      ImageContent content,
      RegistryClient client,
      PinnedImages pinned,
      Path root,
      InstantSource clock) {
    this.images = images;
    this.content = content;
    this.client = client;
    this.root = root;
    this.clock = clock;
    this.pull =
        new PullImage(
            content,
            client,
            PullLimits.DEFAULT,
            Platforms.ofJava(System.getProperty("os.arch")),
            pinned);
  }

  static ImageWiring of(
      Configuration configuration, Layers layers, Failpoints failpoints, InstantSource clock)
      throws StoreException, ContentException {
    List<String> reports = new ArrayList<>();
    Images images =
        Images.load(
            RecordStore.open(
                configuration.root().resolve("records/images"),
                Images.RECORD_KIND,
                Images.RECORD_VERSION,
                Image.class,
                true),
            failpoints,
            reports);
    PinnedImages pinned = new PinnedImages(configuration.images().pinned());
    images.pin(pinned);
    reports.forEach(report -> LOG.log(System.Logger.Level.WARNING, report));
    ContentStore blobs = ContentStore.open(configuration.root().resolve("content"));
    ImageContent content =
        new ImageContent(images, blobs, LayerDepot.of(layers), clock, failpoints);
    RegistryClient client =
        new RegistryClient(
            hosts(configuration.registry()),
            new EnvironmentProxies(System.getenv()),
            RegistryClient.Settings.DEFAULT,
            clock,
            Pauses.SLEEP,
            new SecureRandom());
    return new ImageWiring(images, content, client, pinned, configuration.root(), clock);
  }

  /** Hosts of the directory; those the configuration lists speak plain HTTP by default. */
  private static RegistryHosts hosts(Configuration.Registry registry) {
    HostsDirectory directory = new HostsDirectory(List.of(registry.hosts()));
    return domain -> {
      List<RegistryHost> hosts = directory.of(domain);
      RegistryHost direct = RegistryHost.direct(domain);
      return registry.plainHttp().contains(domain) && hosts.equals(List.of(direct))
          ? List.of(plain(direct))
          : hosts;
    };
  }

  private static RegistryHost plain(RegistryHost host) {
    if (!host.base().getScheme().equals("https")) {
      return host;
    }
    URI base = URI.create("http" + host.base().toString().substring("https".length()));
    return new RegistryHost(base, host.upstream(), host.capabilities(), host.tls(), host.headers());
  }

  Images images() {
    return images;
  }

  PullImage pull() {
    return pull;
  }

  CollectGarbage garbage() {
    return new CollectGarbage(content);
  }

  /** Looks whether every image is whole, and clears away what a killed daemon left. */
  void scan() throws InterruptedException {
    new ScanImages(content)
        .scan()
        .forEach(finding -> LOG.log(System.Logger.Level.WARNING, finding));
  }

  BindableService service(Calls calls, RuntimeHandlers handlers, Supplier<DiskUsage> written) {
    return new ImageService(
        calls,
        new ImageService.Verbs(
            pull,
            new ListImages(images),
            new ImageStatus(content),
            new RemoveImage(content),
            new ImageFsInfo(content, root, clock),
            written),
        handlers);
  }

  @Override
  public void close() {
    pull.close();
    client.close();
  }
}
