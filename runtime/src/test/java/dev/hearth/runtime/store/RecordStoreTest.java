package dev.hearth.runtime.store;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class RecordStoreTest {
  sealed interface Shape {
    record Circle(int radius) implements Shape {}

    record Point() implements Shape {}
  }

  record Thing(String name, Optional<Long> size, Instant at, List<Shape> shapes) {
    Thing {
      shapes = List.copyOf(shapes);
      if (name.isEmpty()) {
        throw new IllegalArgumentException("a thing needs a name");
      }
    }
  }

  private static final Thing THING =
      new Thing(
          "stone\n<&'\"",
          Optional.of(1L << 60),
          Instant.parse("2026-01-02T03:04:05.678901234Z"),
          List.of(new Shape.Circle(3), new Shape.Point()));

  private FileSystem files;
  private Path directory;

  @BeforeEach
  void open() {
    files = Jimfs.newFileSystem(Configuration.unix());
    directory = files.getPath("/records");
  }

  @AfterEach
  void close() throws Exception {
    files.close();
  }

  private RecordStore<Thing> store() throws StoreException {
    return RecordStore.open(directory, "thing", 1, Thing.class, false);
  }

  @Test
  void aRecordComesBackAsItWasWritten() throws Exception {
    Thing bare = new Thing("bare", Optional.empty(), Instant.EPOCH, List.of());
    store().write("a", THING);
    store().write("b", bare);

    RecordStore.Loaded<Thing> loaded = store().load();

    assertThat(loaded.records())
        .containsOnly(java.util.Map.entry("a", THING), java.util.Map.entry("b", bare));
    assertThat(loaded.setAside()).isEmpty();
  }

  @Test
  void aSecondWriteReplacesTheFirst() throws Exception {
    Thing other = new Thing("other", Optional.empty(), Instant.EPOCH, List.of());
    store().write("a", THING);
    store().write("a", other);

    assertThat(store().load().records()).containsOnly(java.util.Map.entry("a", other));
  }

  @Test
  void everyTornPrefixAndEveryFlippedByteIsSetAsideAndHarmsNoOther() throws Exception {
    store().write("a", THING);
    byte[] whole = Files.readAllBytes(directory.resolve("a"));
    for (int i = 0; i < whole.length; i++) {
      byte[] torn = java.util.Arrays.copyOf(whole, i);
      byte[] flipped = whole.clone();
      flipped[i] ^= 1;
      Files.write(directory.resolve("torn"), torn);
      Files.write(directory.resolve("flipped"), flipped);

      RecordStore.Loaded<Thing> loaded = store().load();

      assertThat(loaded.records()).as("byte %d", i).containsOnlyKeys("a");
      assertThat(loaded.setAside()).hasSize(2);
      assertThat(loaded.setAside()).allMatch(aside -> Files.exists(aside.movedTo()));
    }
  }

  @Test
  void aRecordThatItsOwnConstructorRefusesIsSetAside() throws Exception {
    RecordStore<Nameless> nameless = RecordStore.open(directory, "thing", 1, Nameless.class, false);
    nameless.write("a", new Nameless("", Instant.EPOCH, List.of()));

    RecordStore.Loaded<Thing> loaded = store().load();

    assertThat(loaded.records()).isEmpty();
    assertThat(loaded.setAside().getFirst().reason()).contains("no valid thing");
  }

  record Nameless(String name, Instant at, List<Shape> shapes) {}

  @Test
  void anUnfinishedWriteIsForgotten() throws Exception {
    store().write("a", THING);
    Files.writeString(directory.resolve("b.new"), "hearth thi");

    assertThat(store().load().records()).containsOnlyKeys("a");
    assertThat(Files.exists(directory.resolve("b.new"))).isFalse();
  }

  @Test
  void anotherVersionOrKindIsSetAsideWithItsReason() throws Exception {
    RecordStore.open(directory, "thing", 2, Thing.class, false).write("a", THING);
    RecordStore.open(directory, "thong", 1, Thing.class, false).write("b", THING);

    assertThat(store().load().setAside())
        .extracting(RecordStore.SetAside::reason)
        .anySatisfy(reason -> assertThat(reason).contains("version 2"))
        .anySatisfy(reason -> assertThat(reason).contains("record of thong"));
  }

  @Test
  void deletingTwiceIsFine() throws Exception {
    store().write("a", THING);
    store().delete("a");
    store().delete("a");

    assertThat(store().load().records()).isEmpty();
  }
}
