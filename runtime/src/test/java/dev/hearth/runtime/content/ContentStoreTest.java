package dev.hearth.runtime.content;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.runtime.model.Digest;
import dev.hearth.runtime.model.Sha256;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ContentStoreTest {
  private static final byte[] HELLO = "hello".getBytes(UTF_8);
  private static final Digest DIGEST = Sha256.of(HELLO);

  @TempDir Path root;
  private ContentStore store;

  @BeforeEach
  void open() throws Exception {
    store = ContentStore.open(root);
  }

  @Test
  void keepsABlobUnderItsDigest() throws Exception {
    assertThat(store.has(DIGEST)).isFalse();
    store.put(DIGEST, HELLO);
    store.put(DIGEST, HELLO);
    assertThat(store.has(DIGEST)).isTrue();
    assertThat(store.read(DIGEST, 100)).isEqualTo(HELLO);
    assertThat(store.read(DIGEST, HELLO.length)).isEqualTo(HELLO);
    assertThat(store.list()).containsExactly(DIGEST);
    assertThat(store.usage()).isEqualTo(new ContentStore.Usage(5, 1));
    assertThat(ContentStore.open(root).read(DIGEST, 100)).isEqualTo(HELLO);
  }

  @Test
  void refusesBytesThatDoNotMatch() throws Exception {
    assertThatThrownBy(() -> store.put(DIGEST, "hullo".getBytes(UTF_8)))
        .isInstanceOf(ContentException.Corrupt.class)
        .hasMessageContaining(DIGEST.toString());
    assertThat(filesBelow(root)).isEmpty();
  }

  @Test
  void saysWhatIsMissing() {
    assertThatThrownBy(() -> store.read(DIGEST, 100))
        .isInstanceOf(ContentException.Missing.class)
        .hasMessageContaining(DIGEST.toString());
  }

  @Test
  void refusesToReadMoreThanAllowed() throws Exception {
    store.put(DIGEST, HELLO);
    assertThatThrownBy(() -> store.read(DIGEST, 4)).hasMessageContaining("more than the 4 bytes");
    assertThat(store.has(DIGEST)).isTrue();
  }

  @Test
  void setsADamagedBlobAside() throws Exception {
    store.put(DIGEST, HELLO);
    Files.writeString(root.resolve("blobs/sha256").resolve(DIGEST.hex()), "hellx");
    assertThatThrownBy(() -> store.read(DIGEST, 100))
        .isInstanceOf(ContentException.Corrupt.class)
        .hasMessageContaining("set aside as");
    assertThat(store.has(DIGEST)).isFalse();
    assertThat(root.resolve("corrupt").resolve(DIGEST.hex())).hasContent("hellx");
    store.put(DIGEST, HELLO);
    assertThat(store.read(DIGEST, 100)).isEqualTo(HELLO);
  }

  @Test
  void deletesAndDoesNotMindAbsence() throws Exception {
    store.put(DIGEST, HELLO);
    store.delete(DIGEST);
    store.delete(DIGEST);
    assertThat(store.has(DIGEST)).isFalse();
  }

  @Test
  void removesAtOpeningWhatACrashLeft() throws Exception {
    Files.writeString(root.resolve("blobs/sha256").resolve(DIGEST.hex() + ".1.new"), "hel");
    assertThat(ContentStore.open(root).list()).isEmpty();
    assertThat(filesBelow(root)).isEmpty();
  }

  @Test
  void collectsUnfinishedBlobsByAgeThenBySize() throws Exception {
    Instant now = Instant.parse("2026-01-01T12:00:00Z");
    Digest old = unfinished("old", 10, now.minusSeconds(7200));
    Digest first = unfinished("first", 10, now.minusSeconds(300));
    Digest second = unfinished("second", 10, now.minusSeconds(200));
    Digest third = unfinished("third", 10, now.minusSeconds(100));
    assertThat(store.collectIngests(now, Duration.ofHours(1), 20))
        .containsExactlyInAnyOrder(old, first);
    assertThat(store.usage()).isEqualTo(new ContentStore.Usage(20, 2));
    assertThat(store.collectIngests(now, Duration.ZERO, 0))
        .containsExactlyInAnyOrder(second, third);
  }

  @Test
  void doesNotCollectWhatIsBeingWritten() throws Exception {
    try (Ingest ingest = store.ingest(DIGEST, 5)) {
      ingest.write(HELLO, 0, 3);
      assertThat(store.collectIngests(Instant.MAX, Duration.ZERO, 0)).isEmpty();
    }
    assertThat(store.collectIngests(Instant.MAX, Duration.ZERO, 0)).containsExactly(DIGEST);
  }

  private Digest unfinished(String name, int bytes, Instant when) throws IOException {
    Digest digest = Sha256.of(name.getBytes(UTF_8));
    Path file = root.resolve("ingest").resolve(digest.hex());
    Files.write(file, new byte[bytes]);
    Files.setLastModifiedTime(file, FileTime.from(when));
    return digest;
  }

  static List<Path> filesBelow(Path root) throws IOException {
    try (Stream<Path> files = Files.walk(root)) {
      return files.filter(Files::isRegularFile).toList();
    }
  }
}
