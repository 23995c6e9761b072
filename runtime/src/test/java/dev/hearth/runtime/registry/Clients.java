package dev.hearth.runtime.registry;

import java.net.http.HttpClient;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Random;

/** Registry clients for tests: they pause by noting it. */
public final class Clients {
  static final RetryPolicy POLICY =
      new RetryPolicy(4, Duration.ofMillis(100), Duration.ofSeconds(20));

  private Clients() {}

  public static RegistryClient client(RegistryHosts hosts, List<Duration> pauses) {
    return client(hosts, pauses, InstantSource.system(), Duration.ofSeconds(20));
  }

  public static RegistryClient client(
      RegistryHosts hosts, List<Duration> pauses, InstantSource clock, Duration patience) {
    return new RegistryClient(
        hosts,
        HttpClient.Builder.NO_PROXY,
        new RegistryClient.Settings("hearth-test", patience, patience, POLICY),
        clock,
        pauses::add,
        new Random(1));
  }
}
