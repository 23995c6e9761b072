package dev.hearth.runtime.network;

import dev.hearth.runtime.model.PodId;
import dev.hearth.runtime.model.PortMapping;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * Who has which address and which port of the node. Every lease is a file, so the book survives the
 * daemon.
 *
 * <p>Pods get the n-th address of each subnet, n being the next free number after the one given
 * last, so that an address rests as long as possible before somebody else has it. Number 0 is the
 * network, 1 the bridge.
 *
 * <p>Thread-safe: its monitor guards all fields.
 */
final class AddressBook implements AutoCloseable {
  private static final int FIRST_NUMBER = 2;

  /** A node has not nearly so many pods; it keeps the map of large subnets small. */
  private static final int MOST_NUMBERS = 1 << 20;

  private static final int CURSOR_DIGITS = 8;

  private final List<IpPrefix> subnets;
  private final LeaseFiles files;

  /** Not a FileChannel: an interrupted caller would close it for everybody. */
  private final RandomAccessFile cursorFile;

  private final int endNumber;
  private final Map<PodId, Lease> leases = new HashMap<>();
  private final BitSet taken = new BitSet();
  private int cursor;

  private AddressBook(List<IpPrefix> subnets, LeaseFiles files, RandomAccessFile cursorFile)
      throws IOException {
    this.subnets = List.copyOf(subnets);
    this.files = files;
    this.cursorFile = cursorFile;
    this.endNumber = endNumber(subnets);
    this.cursor = readCursor(cursorFile);
  }

  /** A book and the lease files that could not be read. */
  record Opened(AddressBook book, List<Path> setAside) {}

  /**
   * Opens the book.
   *
   * @param directory created when absent
   * @param subnets at most one of each family, IPv4 first
   * @param usualLink what a pod's link is called if its lease does not say
   */
  static Opened open(Path directory, List<IpPrefix> subnets, Function<PodId, String> usualLink)
      throws NetworkException {
    LeaseFiles files = new LeaseFiles(directory.resolve("leases"), usualLink);
    try {
      LeaseFiles.Loaded loaded = files.load();
      RandomAccessFile cursor = new RandomAccessFile(directory.resolve("cursor").toFile(), "rw");
      AddressBook book = new AddressBook(subnets, files, cursor);
      loaded.leases().forEach(book::mark);
      return new Opened(book, loaded.setAside());
    } catch (IOException e) {
      throw new NetworkException.Storage("cannot read the leases in " + directory, e);
    }
  }

  /** One after the last number that stands for an address in every subnet. */
  private static int endNumber(List<IpPrefix> subnets) {
    int end = MOST_NUMBERS;
    for (IpPrefix subnet : subnets) {
      if (subnet.hostBits() < 20) {
        int all = 1 << subnet.hostBits();
        end = Math.min(end, subnet.isIpv4() ? all - 1 : all);
      }
    }
    return end;
  }

  /**
   * Gives a pod its addresses and host ports. A pod that has a lease keeps its addresses and link.
   *
   * @param link the host's end of the pod's cable to be
   * @throws NetworkException.Exhausted if no address is free
   * @throws NetworkException.HostPortTaken if another pod has one of the ports
   */
  synchronized Lease lease(PodId pod, String link, List<PortMapping> hostPorts)
      throws NetworkException {
    checkPorts(pod, hostPorts);
    Lease present = leases.get(pod);
    if (present == null) {
      return store(new Lease(pod, link, freeAddresses(), hostPorts));
    }
    return present.hostPorts().equals(hostPorts)
        ? present
        : store(new Lease(pod, present.link(), present.addresses(), hostPorts));
  }

  /** Takes addresses for a pod that is still to come. They are not on disk. */
  synchronized List<InetAddress> reserve() throws NetworkException {
    List<InetAddress> addresses = freeAddresses();
    numbers(addresses).forEach(taken::set);
    return addresses;
  }

  /** Gives back what was reserved. */
  synchronized void unreserve(List<InetAddress> addresses) {
    numbers(addresses).forEach(taken::clear);
  }

  /**
   * Enters what a pod has: reserved for it before, or found with it after its lease was lost.
   *
   * @throws NetworkException.HostPortTaken if another pod has one of the ports
   */
  synchronized Lease enter(Lease lease) throws NetworkException {
    checkPorts(lease.pod(), lease.hostPorts());
    return store(lease);
  }

  private Lease store(Lease lease) throws NetworkException {
    try {
      files.write(lease);
    } catch (IOException e) {
      throw new NetworkException.Storage("cannot write the lease of pod " + lease.pod(), e);
    }
    mark(lease);
    return lease;
  }

  private List<InetAddress> freeAddresses() throws NetworkException {
    if (subnets.isEmpty()) {
      return List.of();
    }
    int number = taken.nextClearBit(Math.max(cursor + 1, FIRST_NUMBER));
    if (number >= endNumber) {
      number = taken.nextClearBit(FIRST_NUMBER);
    }
    if (number >= endNumber) {
      throw new NetworkException.Exhausted(
          "no free address in "
              + subnets
              + ": pods have all "
              + Math.max(0, endNumber - FIRST_NUMBER)
              + ". Remove pods, or configure a larger subnet");
    }
    moveCursor(number);
    List<InetAddress> addresses = new ArrayList<>();
    for (IpPrefix subnet : subnets) {
      addresses.add(subnet.plus(number).address());
    }
    return addresses;
  }

  private void checkPorts(PodId pod, List<PortMapping> wanted) throws NetworkException {
    if (wanted.isEmpty()) {
      return;
    }
    for (Lease lease : leases.values()) {
      if (lease.pod().equals(pod)) {
        continue;
      }
      for (PortMapping theirs : lease.hostPorts()) {
        for (PortMapping ours : wanted) {
          if (HostPorts.collide(theirs, ours)) {
            throw new NetworkException.HostPortTaken(
                "host port " + HostPorts.describe(ours) + " is taken by pod " + lease.pod());
          }
        }
      }
    }
  }

  /** Takes back what a pod has; nothing happens if it has nothing. */
  synchronized void release(PodId pod) throws NetworkException {
    try {
      files.delete(pod);
    } catch (IOException e) {
      throw new NetworkException.Storage("cannot delete the lease of pod " + pod, e);
    }
    Lease lease = leases.remove(pod);
    if (lease != null) {
      numbers(lease.addresses()).forEach(taken::clear);
    }
  }

  /**
   * Takes back the ports of a pod and leaves it its addresses. On a full disk the lease goes on
   * naming the ports, until it is deleted with the addresses.
   */
  synchronized void releasePorts(PodId pod) {
    Lease lease = leases.get(pod);
    if (lease == null || lease.hostPorts().isEmpty()) {
      return;
    }
    Lease without = new Lease(pod, lease.link(), lease.addresses(), List.of());
    mark(without);
    try {
      files.write(without);
    } catch (IOException _) {
      // The pod is on its way out: a daemon that reads the ports again takes them back again.
    }
  }

  synchronized Optional<Lease> find(PodId pod) {
    return Optional.ofNullable(leases.get(pod));
  }

  synchronized List<Lease> leases() {
    return List.copyOf(leases.values());
  }

  private void mark(Lease lease) {
    leases.put(lease.pod(), lease);
    numbers(lease.addresses()).forEach(taken::set);
  }

  /** Addresses outside the subnets, leased before the configuration changed, have no number. */
  private IntStream numbers(List<InetAddress> addresses) {
    return subnets.stream()
        .flatMapToInt(subnet -> addresses.stream().mapToInt(subnet::offsetOf))
        .filter(number -> number >= 0 && number < endNumber);
  }

  private static int readCursor(RandomAccessFile file) throws IOException {
    byte[] digits = new byte[CURSOR_DIGITS];
    int read = file.read(digits);
    try {
      int number =
          Integer.parseInt(new String(digits, 0, Math.max(read, 0), StandardCharsets.US_ASCII), 16);
      return Math.clamp(number, 0, MOST_NUMBERS);
    } catch (NumberFormatException _) {
      return 0;
    }
  }

  /** A cursor that is lost, torn or behind costs an address its rest, nothing more. */
  private void moveCursor(int number) throws NetworkException {
    cursor = number;
    byte[] digits = HexFormat.of().toHexDigits(number).getBytes(StandardCharsets.US_ASCII);
    try {
      cursorFile.seek(0);
      cursorFile.write(digits);
    } catch (IOException e) {
      throw new NetworkException.Storage("cannot write the address book's cursor", e);
    }
  }

  @Override
  public synchronized void close() {
    try {
      cursorFile.close();
    } catch (IOException _) {
      // Written through at every move: closing has nothing left to lose.
    }
  }
}
