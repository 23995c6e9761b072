package dev.hearth.runtime.network;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.model.PodId;
import dev.hearth.runtime.model.PortMapping;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Function;
import java.util.zip.CRC32C;

/**
 * Leases on disk: a file {@code <directory>/<pod id>} each, written under a temporary name and
 * renamed. It is not synced: a lease need not outlive the power that its pod lives by, and one that
 * is torn is recognised by its checksum.
 *
 * <pre>
 * hearth-lease 1
 * link h66260123456789
 * ipv4 10.201.0.5
 * ipv6 fdc7:93ab:6d40::5
 * port TCP 80 8080 192.0.2.1       protocol, in the pod, on the host, address or -
 * crc32c 1a2b3c4d                  of all lines before
 * </pre>
 */
final class LeaseFiles {
  private static final String FIRST_LINE = "hearth-lease 1";
  private static final String CHECKSUM = "crc32c ";
  private static final String TEMPORARY = ".new";
  private static final String SET_ASIDE = ".bad";

  private final Path directory;
  private final Function<PodId, String> usualLink;

  /**
   * @param usualLink the host's end of the cable of a pod whose lease names none: leases did not
   *     when pods were all connected without a pool
   */
  LeaseFiles(Path directory, Function<PodId, String> usualLink) {
    this.directory = directory;
    this.usualLink = usualLink;
  }

  /**
   * What was found.
   *
   * @param setAside files that are no good lease; each was renamed to end in {@code .bad}
   */
  record Loaded(List<Lease> leases, List<Path> setAside) {}

  void write(Lease lease) throws IOException {
    Path file = directory.resolve(lease.pod().value());
    Path temporary = directory.resolve(lease.pod().value() + TEMPORARY);
    try {
      Files.write(temporary, encode(lease).getBytes(UTF_8));
      Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      delete(temporary, e);
      throw e;
    }
  }

  private static void delete(Path file, IOException failure) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      failure.addSuppressed(e);
    }
  }

  void delete(PodId pod) throws IOException {
    Files.deleteIfExists(directory.resolve(pod.value()));
  }

  Loaded load() throws IOException {
    Files.createDirectories(directory);
    List<Lease> leases = new ArrayList<>();
    List<Path> setAside = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
      for (Path file : files) {
        String name = String.valueOf(file.getFileName());
        if (name.endsWith(TEMPORARY)) {
          Files.deleteIfExists(file);
        } else if (!name.endsWith(SET_ASIDE)) {
          loadOne(file, name, leases, setAside);
        }
      }
    }
    return new Loaded(leases, setAside);
  }

  private void loadOne(Path file, String name, List<Lease> leases, List<Path> setAside)
      throws IOException {
    try {
      leases.add(decode(new PodId(name), new String(Files.readAllBytes(file), UTF_8)));
    } catch (IllegalArgumentException | HearthException.InvalidRequest _) {
      Path aside = file.resolveSibling(name + SET_ASIDE);
      Files.move(file, aside, StandardCopyOption.REPLACE_EXISTING);
      setAside.add(aside);
    }
  }

  static String encode(Lease lease) {
    StringBuilder text = new StringBuilder(FIRST_LINE).append('\n');
    text.append("link ").append(lease.link()).append('\n');
    for (InetAddress address : lease.addresses()) {
      text.append(address instanceof Inet4Address ? "ipv4 " : "ipv6 ")
          .append(address.getHostAddress())
          .append('\n');
    }
    for (PortMapping port : lease.hostPorts()) {
      text.append("port ").append(port.protocol()).append(' ').append(port.containerPort());
      text.append(' ').append(port.hostPort()).append(' ');
      text.append(port.hostIp().isEmpty() ? "-" : port.hostIp()).append('\n');
    }
    return text + CHECKSUM + checksum(text.toString()) + "\n";
  }

  /**
   * Reads a lease.
   *
   * @throws IllegalArgumentException if the text is not exactly one that was written
   */
  Lease decode(PodId pod, String text) {
    int end = text.lastIndexOf(CHECKSUM);
    if (end < 0
        || !text.substring(end).equals(CHECKSUM + checksum(text.substring(0, end)) + "\n")) {
      throw new IllegalArgumentException("the lease of pod " + pod + " is torn");
    }
    List<String> lines = text.substring(0, end).lines().toList();
    if (lines.isEmpty() || !lines.getFirst().equals(FIRST_LINE)) {
      throw new IllegalArgumentException("the lease of pod " + pod + " is of another version");
    }
    String link = usualLink.apply(pod);
    List<InetAddress> addresses = new ArrayList<>();
    List<PortMapping> ports = new ArrayList<>();
    for (String line : lines.subList(1, lines.size())) {
      List<String> words = List.of(line.split(" ", -1));
      switch (words.getFirst()) {
        case "link" -> link = words.getLast();
        case "ipv4", "ipv6" -> addresses.add(InetAddress.ofLiteral(words.getLast()));
        case "port" -> ports.add(port(words));
        default -> throw new IllegalArgumentException("unknown line in a lease: " + line);
      }
    }
    return new Lease(pod, link, addresses, ports);
  }

  private static PortMapping port(List<String> words) {
    if (words.size() != 5) {
      throw new IllegalArgumentException("a port of a lease in " + words.size() + " words");
    }
    return new PortMapping(
        PortMapping.Protocol.valueOf(words.get(1)),
        Integer.parseInt(words.get(2)),
        Integer.parseInt(words.get(3)),
        words.get(4).equals("-") ? "" : words.get(4));
  }

  private static String checksum(String text) {
    CRC32C crc = new CRC32C();
    crc.update(text.getBytes(UTF_8));
    return HexFormat.of().toHexDigits((int) crc.getValue());
  }
}
