package dev.hearth.runtime.registry;

import dev.hearth.runtime.model.Digest;
import dev.hearth.runtime.model.Sha256;
import dev.hearth.runtime.registry.RegistryException.DigestMismatch;
import dev.hearth.runtime.registry.RegistryException.Misconfigured;
import dev.hearth.runtime.registry.RegistryException.NotFound;
import dev.hearth.runtime.registry.RegistryException.ProtocolViolation;
import dev.hearth.runtime.registry.RegistryException.Unreachable;
import dev.hearth.runtime.registry.RegistryHost.Capability;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * One repository of a registry: its manifests and blobs, from the first of its hosts that has them.
 * Thread-safe.
 */
public final class Repository {
  private static final Logger LOGGER = System.getLogger(Repository.class.getName());
  private static final Map<String, String> ACCEPT =
      Map.of("Accept", String.join(", ", MediaTypes.ACCEPTED) + ", */*;q=0.1");

  private final RegistryClient client;
  private final String name;
  private final List<Connection> connections;
  private final Retry retry;

  Repository(RegistryClient client, String name, List<Connection> connections, Retry retry) {
    this.client = client;
    this.name = name;
    this.connections = List.copyOf(connections);
    this.retry = retry;
  }

  /** The manifest that a tag names now. */
  public FetchedManifest manifest(String tag) throws RegistryException, InterruptedException {
    return fromAny(Capability.RESOLVE, connection -> manifest(connection, tag, Optional.empty()));
  }

  /** The manifest with this digest. */
  public FetchedManifest manifest(Digest digest) throws RegistryException, InterruptedException {
    return fromAny(
        Capability.PULL,
        connection -> manifest(connection, digest.toString(), Optional.of(digest)));
  }

  /**
   * The digest that a tag names now, without transferring the manifest. Empty if the registry does
   * not tell digests; then only {@link #manifest(String)} helps.
   */
  public Optional<Digest> resolve(String tag) throws RegistryException, InterruptedException {
    return fromAny(
        Capability.RESOLVE,
        connection ->
            connection.call(
                "HEAD",
                "manifests/" + tag,
                "manifest " + tag,
                ACCEPT,
                Set.of(405, 501),
                answer -> answer.status() == 200 ? told(answer) : Optional.empty()));
  }

  private static FetchedManifest manifest(
      Connection connection, String reference, Optional<Digest> wanted)
      throws RegistryException, InterruptedException {
    String what = "manifest " + reference;
    return connection.call(
        "GET",
        "manifests/" + reference,
        what,
        ACCEPT,
        Set.of(),
        answer -> {
          byte[] bytes = whole(connection, what, answer, Manifest.MAX_BYTES);
          Digest actual = Sha256.of(bytes);
          Optional<Digest> expected = wanted.isPresent() ? wanted : told(answer);
          if (expected.isPresent() && !expected.get().equals(actual)) {
            throw new DigestMismatch(
                connection.subject(what)
                    + " has digest "
                    + actual
                    + " instead of "
                    + expected.get());
          }
          return parsed(connection, what, answer, bytes, actual);
        });
  }

  private static FetchedManifest parsed(
      Connection connection, String what, Http.Answer answer, byte[] bytes, Digest digest)
      throws ProtocolViolation {
    try {
      String type = ManifestJson.mediaType(answer.header("content-type"), bytes);
      return new FetchedManifest(
          new Descriptor(type, digest, bytes.length), bytes, Manifest.parse(type, bytes));
    } catch (ProtocolViolation e) {
      throw new ProtocolViolation(connection.subject(what) + ": " + e.getMessage(), e);
    }
  }

  private static Optional<Digest> told(Http.Answer answer) {
    try {
      return Optional.of(Digest.parse(answer.header("docker-content-digest")));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static byte[] whole(Connection connection, String what, Http.Answer answer, int maxBytes)
      throws IOException, ProtocolViolation {
    byte[] bytes = answer.body().readNBytes(maxBytes + 1);
    if (bytes.length > maxBytes) {
      throw new ProtocolViolation(
          connection.subject(what) + " is larger than the " + maxBytes + " bytes allowed");
    }
    return bytes;
  }

  /**
   * A small blob, such as an image's configuration, whole and verified.
   *
   * @param maxBytes the most it may have
   */
  public byte[] blob(Descriptor blob, int maxBytes) throws RegistryException, InterruptedException {
    if (blob.size() > maxBytes) {
      throw new ProtocolViolation(
          "repository "
              + name
              + ", blob "
              + blob.digest()
              + " has "
              + blob.size()
              + " bytes; "
              + maxBytes
              + " are allowed");
    }
    ByteBuffer bytes = ByteBuffer.allocate((int) blob.size());
    fetch(blob, 0, (buffer, offset, length) -> bytes.put(buffer, offset, length));
    Digest actual = Sha256.of(bytes.array());
    if (!actual.equals(blob.digest())) {
      throw new DigestMismatch(
          "repository " + name + ", blob " + blob.digest() + " arrived with digest " + actual);
    }
    return bytes.array();
  }

  /**
   * Transfers a blob from a position on. A transfer that breaks is resumed where it broke, from the
   * same host or the next. The sink gets each byte once and in order, {@code blob.size()} with
   * those it had before; the digest is for it to check.
   *
   * @throws E what the sink throws
   */
  public <E extends Exception> void fetch(Descriptor blob, long from, BlobSink<E> sink)
      throws RegistryException, InterruptedException, E {
    Transfer<E> transfer = new Transfer<>(blob, from, sink, retry);
    fromAny(
        Capability.PULL,
        connection -> {
          transfer.from(connection);
          return true;
        });
    transfer.rethrow();
  }

  @FunctionalInterface
  private interface Attempt<T> {
    T from(Connection connection) throws RegistryException, InterruptedException;
  }

  private <T> T fromAny(Capability capability, Attempt<T> attempt)
      throws RegistryException, InterruptedException {
    List<RegistryException> failures = new ArrayList<>();
    for (Connection connection : connections) {
      if (!connection.host().capabilities().contains(capability)) {
        continue;
      }
      try {
        return attempt.from(connection);
      } catch (RegistryException e) {
        if (e instanceof Unreachable) {
          client.avoid(connection.host());
        }
        LOGGER.log(Level.DEBUG, "{0}", e.getMessage());
        failures.add(e);
      }
    }
    if (failures.isEmpty()) {
      throw new Misconfigured(
          "none of the hosts configured for "
              + name
              + " has the capability to "
              + (capability == Capability.PULL ? "pull" : "resolve"),
          null);
    }
    RegistryException last = telling(failures);
    failures.remove(last);
    throw last.after(failures);
  }

  /** The last failure, but where that host does not answer, the last that says something. */
  private static RegistryException telling(List<RegistryException> failures) {
    RegistryException last = failures.getLast();
    if (last instanceof Unreachable) {
      for (RegistryException earlier : failures.reversed()) {
        if (earlier instanceof NotFound) {
          return earlier;
        }
      }
    }
    return last;
  }
}
