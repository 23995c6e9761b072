package dev.hearth.runtime.network;

import dev.hearth.linux.Errno;
import dev.hearth.linux.LinuxException;
import dev.hearth.runtime.model.PodId;
import dev.hearth.runtime.network.netlink.Link;
import dev.hearth.runtime.network.netlink.Links;
import dev.hearth.runtime.network.netlink.NetlinkConnection;
import dev.hearth.runtime.network.netlink.NetlinkMessage;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.zip.CRC32C;

/**
 * Takes away links and leases in the background. Deleting a link makes its caller wait for the
 * kernel to be sure that nobody uses it, tens of milliseconds; deleting many at once costs no more,
 * so links that go at the same time are put into a group and deleted together.
 *
 * <p>Thread-safe. {@code lock} guards all fields; no system call is made while it is held, but one
 * round at a time is under way ({@code roundLock}).
 */
final class Teardown implements AutoCloseable {
  private static final Duration FIRST_RETRY = Duration.ofMillis(20);
  private static final Duration LONGEST_RETRY = Duration.ofSeconds(30);

  /** Puts what belongs to a pod, but is no link, back where it came from. */
  interface Release {
    void release(PodId pod) throws NetworkException;
  }

  /** Guarded by {@code lock}, but for its final fields. */
  private static final class Entry {
    private final String link;
    private final Optional<PodId> pod;
    private final Instant since;
    private int attempts;
    private String lastFailure = "";
    private long notBeforeNanos = System.nanoTime();

    Entry(String link, Optional<PodId> pod, Instant since) {
      this.link = link;
      this.pod = pod;
      this.since = since;
    }

    PendingTeardown describe() {
      return new PendingTeardown(
          pod.map(PodId::value).orElse("unknown"), "link " + link, since, attempts, lastFailure);
    }

    void failed(String failure) {
      lastFailure = failure;
      attempts++;
      Duration wait = FIRST_RETRY.multipliedBy(1L << Math.min(attempts - 1, 11));
      if (wait.compareTo(LONGEST_RETRY) > 0) {
        wait = LONGEST_RETRY;
      }
      notBeforeNanos = System.nanoTime() + wait.toNanos();
    }
  }

  private final NetworkNamespace host;
  private final int group;
  private final Release release;
  private final Clock clock;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final ReentrantLock roundLock = new ReentrantLock();
  private final Map<String, Entry> entries = new LinkedHashMap<>();
  private final Thread worker;
  private boolean closed;

  Teardown(
      NetworkConfiguration configuration, NetworkNamespace host, Release release, Clock clock) {
    this.host = host;
    this.group = group(configuration);
    this.release = release;
    this.clock = clock;
    this.worker =
        Thread.ofPlatform()
            .daemon()
            .name("network-teardown")
            .inheritInheritableThreadLocals(false)
            .unstarted(this::work);
  }

  void start() {
    worker.start();
  }

  /** A group that nobody else will think of; before it is used, it is made sure that none has. */
  private static int group(NetworkConfiguration configuration) {
    CRC32C crc = new CRC32C();
    crc.update(("group " + configuration.bridge()).getBytes(StandardCharsets.UTF_8));
    return (int) crc.getValue() | 0x4000_0000;
  }

  /** Has a link, and with it what its pod was given, taken away. */
  void add(String link, Optional<PodId> pod) {
    lock.lock();
    try {
      entries.putIfAbsent(link, new Entry(link, pod, clock.instant()));
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  List<PendingTeardown> pending() {
    lock.lock();
    try {
      return entries.values().stream().map(Entry::describe).toList();
    } finally {
      lock.unlock();
    }
  }

  /** What is still to be taken away of a pod. */
  Optional<PendingTeardown> pending(PodId pod) {
    lock.lock();
    try {
      return entries.values().stream()
          .filter(entry -> entry.pod.equals(Optional.of(pod)))
          .map(Entry::describe)
          .findFirst();
    } finally {
      lock.unlock();
    }
  }

  boolean isPending(String link) {
    lock.lock();
    try {
      return entries.containsKey(link);
    } finally {
      lock.unlock();
    }
  }

  /** Tries all there is now, whatever failed before, and returns when it was tried. */
  void tryNow() {
    lock.lock();
    try {
      entries.values().forEach(e -> e.notBeforeNanos = System.nanoTime());
    } finally {
      lock.unlock();
    }
    round();
  }

  private void work() {
    while (awaitDue()) {
      round();
    }
  }

  /** Waits until an entry is due; false when closed. */
  private boolean awaitDue() {
    lock.lock();
    try {
      while (!closed) {
        long wait = nanosToNext();
        if (wait <= 0) {
          return true;
        }
        long _ = changed.awaitNanos(wait);
      }
      return false;
    } catch (InterruptedException _) {
      return false;
    } finally {
      lock.unlock();
    }
  }

  private long nanosToNext() {
    long now = System.nanoTime();
    return entries.values().stream()
        .mapToLong(e -> e.notBeforeNanos - now)
        .min()
        .orElse(TimeUnit.DAYS.toNanos(1));
  }

  private void round() {
    roundLock.lock();
    try {
      List<Entry> due = due();
      if (due.isEmpty()) {
        return;
      }
      Map<Entry, String> failures = deleteLinks(due);
      for (Entry entry : due) {
        String failure = failures.get(entry);
        finish(entry, failure == null ? releaseOf(entry) : Optional.of(failure));
      }
    } finally {
      roundLock.unlock();
    }
  }

  private List<Entry> due() {
    lock.lock();
    try {
      long now = System.nanoTime();
      return entries.values().stream()
          .filter(e -> e.notBeforeNanos - now <= 0)
          .sorted(Comparator.comparing((Entry e) -> e.since))
          .toList();
    } finally {
      lock.unlock();
    }
  }

  private Optional<String> releaseOf(Entry entry) {
    try {
      if (entry.pod.isPresent()) {
        release.release(entry.pod.get());
      }
      return Optional.empty();
    } catch (NetworkException e) {
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }

  private void finish(Entry entry, Optional<String> failure) {
    lock.lock();
    try {
      if (failure.isPresent()) {
        entry.failed(failure.get());
      } else {
        entries.remove(entry.link);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Deletes the links there are of these; answers why, for those that may still be there. */
  private Map<Entry, String> deleteLinks(List<Entry> due) {
    Map<Entry, String> failures = new HashMap<>();
    try (NetlinkConnection routes = host.routes()) {
      Map<String, Link> present = links(routes);
      List<Link> doomed = new ArrayList<>();
      for (Entry entry : due) {
        Link link = present.get(entry.link);
        if (link != null && link.kind().equals("veth")) {
          doomed.add(link);
        }
      }
      delete(routes, doomed);
    } catch (LinuxException | IllegalArgumentException e) {
      stillThere(due, String.valueOf(e.getMessage()), failures);
    }
    return failures;
  }

  private void delete(NetlinkConnection routes, List<Link> doomed) throws LinuxException {
    if (doomed.size() > 1 && group(routes, doomed)) {
      routes.request(Links.deleteGroup(group));
      return;
    }
    for (Link link : doomed) {
      try {
        routes.request(Links.delete(link.name()));
      } catch (LinuxException e) {
        if (!e.is(Errno.ENODEV)) {
          throw e;
        }
      }
    }
  }

  /** Puts the links into our group; false if the group has other members. */
  private boolean group(NetlinkConnection routes, List<Link> doomed) throws LinuxException {
    List<NetlinkMessage> messages = new ArrayList<>();
    Set<Integer> indexes = new HashSet<>();
    for (Link link : doomed) {
      messages.add(Links.group(link.index(), link.name(), group));
      indexes.add(link.index());
    }
    try {
      routes.all(messages);
    } catch (LinuxException e) {
      if (!e.is(Errno.ENODEV)) { // one is gone already
        throw e;
      }
    }
    boolean any = false;
    for (Link link : links(routes).values()) {
      if (link.group() == group) {
        any = true;
        if (!indexes.contains(link.index())) {
          return false;
        }
      }
    }
    return any;
  }

  /** After a failure, finds out which links it concerns. */
  private void stillThere(List<Entry> due, String failure, Map<Entry, String> failures) {
    try (NetlinkConnection routes = host.routes()) {
      Map<String, Link> present = links(routes);
      due.stream()
          .filter(entry -> present.containsKey(entry.link))
          .forEach(entry -> failures.put(entry, failure));
    } catch (LinuxException | IllegalArgumentException _) {
      due.forEach(entry -> failures.put(entry, failure));
    }
  }

  static Map<String, Link> links(NetlinkConnection routes) throws LinuxException {
    Map<String, Link> links = new LinkedHashMap<>();
    for (byte[] body : routes.dump(Links.list())) {
      Link link = Link.parse(body);
      links.put(link.name(), link);
    }
    return links;
  }

  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    Threads.join(worker);
  }
}
