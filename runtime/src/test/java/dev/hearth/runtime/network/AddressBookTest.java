package dev.hearth.runtime.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.runtime.model.PodId;
import dev.hearth.runtime.model.PortMapping;
import dev.hearth.runtime.model.PortMapping.Protocol;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AddressBookTest {
  private static final IpPrefix V4 = IpPrefix.parse("10.9.0.0/29");
  private static final IpPrefix V6 = IpPrefix.parse("fd00:9::/64");
  private static final PortMapping WEB = new PortMapping(Protocol.TCP, 80, 8080, "");

  @TempDir Path directory;

  static PodId pod(int n) {
    return new PodId(String.format("%064x", n));
  }

  private AddressBook open(IpPrefix... subnets) throws NetworkException {
    return AddressBook.open(directory, List.of(subnets), AddressBookTest::usualLink).book();
  }

  private static String usualLink(PodId pod) {
    return "h" + pod.value().substring(60);
  }

  private static List<InetAddress> addresses(String... texts) {
    return List.of(texts).stream().map(InetAddress::ofLiteral).toList();
  }

  @Test
  void podGetsTheSameNumberInBothSubnets() throws Exception {
    try (AddressBook book = open(V4, V6)) {
      assertThat(book.lease(pod(1), "h0", List.of()).addresses())
          .isEqualTo(addresses("10.9.0.2", "fd00:9::2"));
      assertThat(book.lease(pod(2), "h0", List.of()).addresses())
          .isEqualTo(addresses("10.9.0.3", "fd00:9::3"));
    }
  }

  @Test
  void samePodKeepsItsAddresses() throws Exception {
    try (AddressBook book = open(V4)) {
      Lease first = book.lease(pod(1), "h0", List.of());

      assertThat(book.lease(pod(1), "h0", List.of())).isEqualTo(first);
      assertThat(book.lease(pod(1), "h0", List.of(WEB)).addresses()).isEqualTo(first.addresses());
    }
  }

  @Test
  void releasedAddressIsTheLastToBeGivenAgain() throws Exception {
    try (AddressBook book = open(V4)) {
      book.lease(pod(1), "h0", List.of());
      book.release(pod(1));

      assertThat(book.lease(pod(2), "h0", List.of()).addresses()).isEqualTo(addresses("10.9.0.3"));
      assertThat(book.lease(pod(3), "h0", List.of()).addresses()).isEqualTo(addresses("10.9.0.4"));
      assertThat(book.lease(pod(4), "h0", List.of()).addresses()).isEqualTo(addresses("10.9.0.5"));
      assertThat(book.lease(pod(5), "h0", List.of()).addresses()).isEqualTo(addresses("10.9.0.6"));
      assertThat(book.lease(pod(6), "h0", List.of()).addresses()).isEqualTo(addresses("10.9.0.2"));
    }
  }

  @Test
  void fullSubnetIsAClearErrorAndARemovedPodMakesRoom() throws Exception {
    try (AddressBook book = open(V4, V6)) {
      for (int i = 1; i <= 5; i++) {
        book.lease(pod(i), "h0", List.of());
      }

      assertThatThrownBy(() -> book.lease(pod(6), "h0", List.of()))
          .isInstanceOf(NetworkException.Exhausted.class)
          .hasMessageContaining("10.9.0.0/29")
          .hasMessageContaining("5");
      assertThat(book.find(pod(6))).isEmpty();

      book.release(pod(3));
      assertThat(book.lease(pod(6), "h0", List.of()).addresses())
          .isEqualTo(addresses("10.9.0.4", "fd00:9::4"));
    }
  }

  @Test
  void leasesAndTheOrderOfGivingSurviveARestart() throws Exception {
    Lease before;
    try (AddressBook book = open(V4, V6)) {
      before = book.lease(pod(1), "h0", List.of(WEB, new PortMapping(Protocol.UDP, 53, 53, "::1")));
      book.lease(pod(2), "h0", List.of());
      book.release(pod(2));
    }

    try (AddressBook book = open(V4, V6)) {
      assertThat(book.leases()).containsExactly(before);
      assertThat(book.lease(pod(3), "h0", List.of()).addresses())
          .isEqualTo(addresses("10.9.0.4", "fd00:9::4"));
    }
  }

  @Test
  void releasingWhatIsNotLeasedDoesNothing() throws Exception {
    try (AddressBook book = open(V4)) {
      book.release(pod(1));
      book.releasePorts(pod(1));

      assertThat(book.leases()).isEmpty();
    }
  }

  @Test
  void hostPortHasOnePodOnly() throws Exception {
    try (AddressBook book = open(V4)) {
      book.lease(pod(1), "h0", List.of(WEB));

      assertThatThrownBy(() ->
              book.lease(
                  pod(2), "h0", List.of(new PortMapping(Protocol.TCP, 81, 8080, "192.0.2.1"))))
          .isInstanceOf(NetworkException.HostPortTaken.class)
          .hasMessageContaining("192.0.2.1:8080/TCP")
          .hasMessageContaining(pod(1).value());

      book.releasePorts(pod(1));
      assertThat(book.lease(pod(2), "h0", List.of(WEB)).hostPorts()).containsExactly(WEB);
      assertThat(book.find(pod(1))).hasValueSatisfying(l -> assertThat(l.addresses()).hasSize(1));
    }
  }

  @Test
  void tornLeaseIsSetAsideAndTheOthersAreRead() throws Exception {
    try (AddressBook book = open(V4)) {
      book.lease(pod(1), "h0", List.of());
      book.lease(pod(2), "h0", List.of());
    }
    Path torn = directory.resolve("leases").resolve(pod(1).value());
    Files.writeString(torn, Files.readString(torn).substring(0, 30));
    Files.writeString(directory.resolve("leases").resolve(pod(3).value() + ".new"), "half");

    AddressBook.Opened opened =
        AddressBook.open(directory, List.of(V4), AddressBookTest::usualLink);

    try (AddressBook book = opened.book()) {
      assertThat(book.leases()).extracting(Lease::pod).containsExactly(pod(2));
      assertThat(opened.setAside()).containsExactly(torn.resolveSibling(pod(1).value() + ".bad"));
      assertThat(names(directory.resolve("leases")))
          .containsExactlyInAnyOrder(pod(1).value() + ".bad", pod(2).value());
    }
  }

  @Test
  void leaseThatNamesNoLinkHasThePodsUsualOne() throws Exception {
    String text = "hearth-lease 1\nipv4 10.9.0.5\n";
    CRC32C crc = new CRC32C();
    crc.update(text.getBytes(StandardCharsets.US_ASCII));
    Files.writeString(
        Files.createDirectories(directory.resolve("leases")).resolve(pod(1).value()),
        text + "crc32c %08x\n".formatted(crc.getValue()));

    try (AddressBook book = open(V4)) {
      assertThat(book.leases())
          .containsExactly(new Lease(pod(1), "h0001", addresses("10.9.0.5"), List.of()));
    }
  }

  @Test
  void enteredAddressIsNotGivenToAnother() throws Exception {
    try (AddressBook book = open(V4)) {
      Lease _ = book.enter(new Lease(pod(1), "h0", addresses("10.9.0.2"), List.of()));

      assertThat(book.lease(pod(2), "h0", List.of()).addresses()).isEqualTo(addresses("10.9.0.3"));
    }
  }

  @Test
  void reservedAddressesAreGivenToNobodyAndAreNotOnDisk() throws Exception {
    List<InetAddress> reserved;
    try (AddressBook book = open(V4, V6)) {
      reserved = book.reserve();
      assertThat(reserved).isEqualTo(addresses("10.9.0.2", "fd00:9::2"));
      for (int i = 1; i <= 4; i++) {
        assertThat(book.lease(pod(i), "h0", List.of()).addresses())
            .doesNotContainAnyElementsOf(reserved);
      }
      assertThatThrownBy(() -> book.lease(pod(5), "h0", List.of()))
          .isInstanceOf(NetworkException.Exhausted.class);

      book.unreserve(reserved);
      assertThat(book.lease(pod(5), "h0", List.of()).addresses()).isEqualTo(reserved);
      book.release(pod(5));
      assertThat(book.reserve()).isEqualTo(reserved);
    }

    try (AddressBook book = open(V4, V6)) {
      assertThat(book.leases()).hasSize(4);
    }
  }

  @Test
  void leaseOfAFormerSubnetIsKeptAndTakesNoPlace() throws Exception {
    try (AddressBook book = open(V4)) {
      book.lease(pod(1), "h0", List.of());
    }

    try (AddressBook book = open(IpPrefix.parse("10.8.0.0/24"))) {
      assertThat(book.find(pod(1)))
          .hasValueSatisfying(l -> assertThat(l.addresses()).isEqualTo(addresses("10.9.0.2")));
      book.release(pod(1));
      assertThat(book.leases()).isEmpty();
    }
  }

  @Test
  void garbledCursorStartsFromTheBeginning() throws Exception {
    Files.writeString(directory.resolve("cursor"), "zzzzzzzz");

    try (AddressBook book = open(V4)) {
      assertThat(book.lease(pod(1), "h0", List.of()).addresses()).isEqualTo(addresses("10.9.0.2"));
    }
  }

  @Test
  void largeSubnetsHaveRoomForManyAndBothEnds() throws Exception {
    Set<InetAddress> given = new HashSet<>();
    try (AddressBook book = open(IpPrefix.parse("10.0.0.0/8"))) {
      for (int i = 0; i < 300; i++) {
        given.addAll(book.lease(pod(i), "h0", List.of()).addresses());
      }
    }
    assertThat(given).hasSize(300).contains(InetAddress.ofLiteral("10.0.1.45"));
  }

  @Test
  void leaseThatCannotBeWrittenIsNotGiven() throws Exception {
    try (AddressBook book = open(V4)) {
      Files.createDirectory(directory.resolve("leases").resolve(pod(1).value()));

      assertThatThrownBy(() -> book.lease(pod(1), "h0", List.of()))
          .isInstanceOf(NetworkException.Storage.class)
          .hasMessageContaining(pod(1).value());

      assertThat(book.find(pod(1))).isEmpty();
      assertThat(names(directory.resolve("leases"))).containsExactly(pod(1).value());
    }
  }

  private static List<String> names(Path directory) throws IOException {
    try (var files = Files.list(directory)) {
      return files.map(f -> String.valueOf(f.getFileName())).toList();
    }
  }
}
