package dev.hearth.runtime.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.runtime.model.Digest;
import dev.hearth.runtime.model.Sha256;
import dev.hearth.runtime.snapshot.LayerException.Reason;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The store; images are written without root, only mounting them needs it. */
final class LayersTest {
  private static final String TAR = "application/vnd.oci.image.layer.v1.tar";
  private static final String GZIP = TAR + "+gzip";

  @TempDir Path temp;
  private Layers layers;

  @BeforeEach
  void open() throws IOException {
    layers = Layers.open(temp, LayerFormat.EROFS, LayerLimits.DEFAULT);
  }

  private static byte[] archive(String content) {
    return new TarBytes().file("dir/file", content).end();
  }

  private static byte[] gzip(byte[] plain) throws IOException {
    var out = new ByteArrayOutputStream();
    try (var gzip = new GZIPOutputStream(out)) {
      gzip.write(plain);
    }
    return out.toByteArray();
  }

  private Layer unpack(byte[] archive) throws Exception {
    return layers.unpack(new ByteArrayInputStream(archive), TAR, Sha256.of(archive));
  }

  private List<String> files() throws IOException {
    return LayersContract.names(temp.resolve("layers"));
  }

  @Test
  void keepsALayerByTheDigestOfItsArchive() throws Exception {
    byte[] archive = archive("x");
    Digest diffId = Sha256.of(archive);
    assertThat(layers.has(diffId)).isFalse();
    Layer layer = layers.unpack(new ByteArrayInputStream(gzip(archive)), GZIP, diffId);
    assertThat(layer.diffId()).isEqualTo(diffId);
    assertThat(layer.archiveBytes()).isEqualTo(archive.length);
    assertThat(layer.diskInodes()).isEqualTo(1);
    assertThat(layer.diskBytes()).isEqualTo(3 * 4096);
    assertThat(layer.implies()).isTrue();
    assertThat(layers.list()).containsExactly(diffId);
    assertThat(files()).containsExactly(diffId.hex());
    assertThat(layers.usage()).isEqualTo(new DiskUsage(3 * 4096, 1));

    var reopened = Layers.open(temp, LayerFormat.FOLDER, LayerLimits.DEFAULT);
    assertThat(reopened.find(diffId)).hasValue(layer);
  }

  @Test
  void makesTheSameImageOfTheSameArchive() throws Exception {
    byte[] archive = archive("x".repeat(100_000));
    byte[] first = Files.readAllBytes(unpack(archive).path());
    layers.remove(Sha256.of(archive));
    layers = Layers.open(temp, LayerFormat.EROFS, LayerLimits.DEFAULT);
    assertThat(Files.readAllBytes(unpack(archive).path())).isEqualTo(first);
  }

  @Test
  void doesNotReadTheStreamOfALayerThatIsHere() throws Exception {
    byte[] archive = archive("x");
    unpack(archive);
    InputStream untouched =
        new InputStream() {
          @Override
          public int read() {
            throw new AssertionError("read");
          }

          @Override
          public int read(byte[] buffer, int offset, int length) {
            return read();
          }
        };
    layers.unpack(untouched, TAR, Sha256.of(archive));
  }

  @Test
  void leavesNothingOfALayerWithTheWrongDigest() throws Exception {
    Digest wrong = Sha256.of(archive("y"));
    byte[] archive = archive("x");
    assertThatThrownBy(() -> layers.unpack(new ByteArrayInputStream(archive), TAR, wrong))
        .isInstanceOfSatisfying(
            LayerException.class, e -> assertThat(e.reason()).isEqualTo(Reason.WRONG_DIGEST))
        .hasMessageContaining(wrong.hex())
        .hasMessageContaining(Sha256.of(archive).hex());
    assertThat(files()).isEmpty();
    unpack(archive);
  }

  @Test
  void leavesNothingWhenTheStreamFailsAnywhere() throws Exception {
    byte[] archive = archive("x".repeat(3000));
    for (int n = 0; n < archive.length; n += 500) {
      int failAt = n;
      InputStream failing =
          new InputStream() {
            private int at;

            @Override
            public int read() throws IOException {
              if (at == failAt) {
                throw new IOException("connection reset");
              }
              return archive[at++] & 0xFF;
            }

            @Override
            public int read(byte[] buffer, int offset, int length) throws IOException {
              int n = Math.min(length, failAt - at);
              if (n == 0) {
                throw new IOException("connection reset");
              }
              System.arraycopy(archive, at, buffer, offset, n);
              at += n;
              return n;
            }
          };
      assertThatThrownBy(() -> layers.unpack(failing, TAR, Sha256.of(archive)))
          .isExactlyInstanceOf(IOException.class)
          .hasMessage("connection reset");
      assertThat(files()).isEmpty();
      assertThat(threads()).isEmpty();
    }
    unpack(archive);
  }

  private static List<String> threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .map(Thread::getName)
        .filter(name -> name.startsWith("inflate-") || name.startsWith("unpack-"))
        .toList();
  }

  @Test
  void stopsWhenInterrupted() throws Exception {
    var reading = new CountDownLatch(1);
    InputStream stalled = new StalledInput(reading::countDown);
    var thrown = new AtomicReference<Throwable>();
    Thread thread =
        Thread.ofVirtual()
            .start(() -> {
              try {
                layers.unpack(stalled, TAR, Sha256.of(new byte[0]));
              } catch (Throwable e) {
                thrown.set(e);
              }
            });
    reading.await();
    thread.interrupt();
    thread.join();
    assertThat(thrown.get()).isInstanceOf(InterruptedException.class);
    assertThat(files()).isEmpty();
    assertThat(threads()).isEmpty();
  }

  @Test
  void stopsAtABombOfZeros() throws Exception {
    layers =
        Layers.open(
            temp,
            LayerFormat.EROFS,
            new LayerLimits(100, 10 << 20, 5 << 20, 300, 10, 1000, 10_000));
    byte[] big = gzip(new TarBytes().file("zeros", new byte[6 << 20]).end());
    assertThatThrownBy(() -> layers.unpack(new ByteArrayInputStream(big), GZIP, Sha256.of(big)))
        .isInstanceOfSatisfying(
            LayerException.class, e -> assertThat(e.reason()).isEqualTo(Reason.LIMIT))
        .hasMessageContaining("5242880");
    byte[] tail = gzip(new TarBytes().file("f", "").raw(new byte[11 << 20]).end());
    assertThatThrownBy(() -> layers.unpack(new ByteArrayInputStream(tail), GZIP, Sha256.of(tail)))
        .hasMessageContaining("longer than 10485760 bytes");
    assertThat(files()).isEmpty();
  }

  @Test
  void holdsTheHeapOfAHugeLayerInBounds() throws Exception {
    var tar = new TarBytes();
    for (int i = 0; i < 60_000; i++) {
      tar.file("d" + i / 100 + "/a-file-of-an-ordinary-name-" + i, "");
    }
    byte[] archive = tar.end();
    Layer layer = unpack(archive);
    assertThat(layer.archiveBytes()).isEqualTo(archive.length);
    assertThat(files()).hasSize(1);
  }

  @Test
  void removesWhatACrashLeft() throws Exception {
    Path folder = temp.resolve("layers");
    Files.createDirectories(folder.resolve(".new-x/stage/deep"));
    Files.writeString(folder.resolve(".new-y"), "half");
    Files.writeString(folder.resolve(".gone-z"), "gone");
    Layer layer = unpack(archive("x"));
    Layers.open(temp, LayerFormat.EROFS, LayerLimits.DEFAULT).awaitCleanup();
    assertThat(files()).containsExactly(layer.diffId().hex());
  }

  @Test
  void countsALayerThatIsNotWholeAsAbsentAndReplacesIt() throws Exception {
    byte[] archive = archive("x");
    Layer layer = unpack(archive);
    byte[] whole = Files.readAllBytes(layer.path());
    for (int damage = 0; damage < 5; damage++) {
      try (var file = FileChannel.open(layer.path(), StandardOpenOption.WRITE)) {
        switch (damage) {
          case 0 -> file.truncate(whole.length - 1);
          case 1 -> file.truncate(4096);
          case 2 -> file.truncate(0);
          case 3 -> file.write(ByteBuffer.wrap(new byte[4]), 1024);
          default -> file.write(ByteBuffer.wrap(new byte[] {9}), whole.length - 50);
        }
      }
      layers = Layers.open(temp, LayerFormat.EROFS, LayerLimits.DEFAULT);
      assertThat(layers.has(layer.diffId())).as("damage " + damage).isFalse();
      assertThat(layers.list()).containsExactly(layer.diffId());
      unpack(archive);
      assertThat(layers.has(layer.diffId())).isTrue();
      assertThat(Files.readAllBytes(layer.path())).isEqualTo(whole);
      assertThat(files()).hasSize(1);
    }
  }

  @Test
  void removesNoLayerThatIsHeld() throws Exception {
    Digest one = unpack(archive("1")).diffId();
    Digest two = unpack(archive("2")).diffId();
    Digest missing = Sha256.of(new byte[0]);
    assertThat(layers.hold(List.of(one, missing))).hasValue(missing);
    assertThat(layers.hold(List.of(one, two))).isEmpty();
    assertThat(layers.hold(List.of(one))).isEmpty();
    assertThat(layers.remove(one)).isFalse();
    assertThat(layers.release(List.of(one, two))).containsExactly(two);
    assertThat(layers.remove(one)).isFalse();
    assertThat(layers.remove(two)).isTrue();
    assertThat(layers.release(List.of(one))).containsExactly(one);
    assertThat(layers.remove(one)).isTrue();
    assertThat(layers.remove(one)).isTrue();
    assertThat(layers.list()).isEmpty();
    assertThat(files()).isEmpty();
  }

  @Test
  void unpacksOneLayerTwiceAtOnce() throws Exception {
    byte[] archive = archive("x".repeat(1 << 20));
    var failures = new AtomicReference<Throwable>();
    var threads = new java.util.ArrayList<Thread>();
    for (int i = 0; i < 4; i++) {
      threads.add(
          Thread.ofVirtual()
              .start(() -> {
                try {
                  unpack(archive);
                } catch (Throwable e) {
                  failures.set(e);
                }
              }));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(failures.get()).isNull();
    assertThat(files()).hasSize(1);
  }
}
