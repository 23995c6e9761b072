package dev.hearth.runtime.registry;

import dev.hearth.runtime.model.ImageReference;
import dev.hearth.runtime.registry.RegistryException.Misconfigured;
import java.net.ProxySelector;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.random.RandomGenerator;

/**
 * Talks to registries (OCI Distribution Specification 1.1, Docker Registry HTTP API V2). One for
 * the whole process: it keeps connections and tokens. Thread-safe; every call blocks and ends when
 * its thread is interrupted.
 */
public final class RegistryClient implements AutoCloseable {
  /** How long a mirror that did not answer is passed over. */
  private static final Duration AVOID = Duration.ofSeconds(30);

  private static final int MAX_AVOIDED = 256;

  /** A host that others can stand in for is not waited for long. */
  private static final int MIRROR_ATTEMPTS = 2;

  private final RegistryHosts hosts;
  private final HttpClients clients;
  private final Http http;
  private final Retry retry;
  private final Authorizer authorizer;
  private final InstantSource clock;
  private final Map<String, Instant> avoided = new ConcurrentHashMap<>();

  /**
   * What may be set.
   *
   * @param userAgent sent with every request
   * @param answer deadline until an answer begins, connecting included
   * @param idle longest silence in the middle of a body
   * @param retries patience with failing registries
   */
  public record Settings(String userAgent, Duration answer, Duration idle, RetryPolicy retries) {
    /** Fit for production. */
    public static final Settings DEFAULT =
        new Settings("hearth", Duration.ofSeconds(30), Duration.ofSeconds(30), RetryPolicy.DEFAULT);
  }

  public RegistryClient(
      RegistryHosts hosts,
      ProxySelector proxies,
      Settings settings,
      InstantSource clock,
      Pauses pauses,
      RandomGenerator random) {
    this.hosts = hosts;
    this.clients = new HttpClients(proxies);
    this.http =
        new Http(
            clients, new Http.Timeouts(settings.answer(), settings.idle()), settings.userAgent());
    this.retry = new Retry(settings.retries(), pauses, random);
    this.authorizer = new Authorizer(http, retry, clock);
    this.clock = clock;
  }

  /**
   * The repository that a reference names, as these credentials see it. Talks to nobody yet.
   *
   * @throws RegistryException.Misconfigured if the configuration of its hosts is wrong
   */
  public Repository repository(ImageReference reference, Credentials credentials)
      throws Misconfigured {
    List<RegistryHost> candidates = inOrder(hosts.of(reference.domain()));
    List<Connection> connections = new ArrayList<>();
    for (RegistryHost host : candidates) {
      boolean last = connections.size() == candidates.size() - 1;
      connections.add(
          new Connection(
              http,
              authorizer,
              last ? retry : retry.withAttempts(MIRROR_ATTEMPTS),
              host,
              reference.domain(),
              reference.path(),
              credentials));
    }
    return new Repository(this, reference.name(), connections, retry);
  }

  /** The configured order, with those last that did not answer a moment ago. */
  private List<RegistryHost> inOrder(List<RegistryHost> configured) {
    Instant now = clock.instant();
    avoided.values().removeIf(until -> !now.isBefore(until));
    List<RegistryHost> order = new ArrayList<>(configured);
    List<RegistryHost> avoid =
        configured.stream().filter(host -> avoided.containsKey(host.name())).toList();
    order.removeAll(avoid);
    order.addAll(avoid);
    return order;
  }

  void avoid(RegistryHost host) {
    if (avoided.size() < MAX_AVOIDED) {
      avoided.put(host.name(), clock.instant().plus(AVOID));
    }
  }

  /** Breaks off what is under way, and closes all connections. */
  @Override
  public void close() {
    clients.close();
  }
}
