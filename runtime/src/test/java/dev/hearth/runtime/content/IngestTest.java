package dev.hearth.runtime.content;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.runtime.model.Digest;
import dev.hearth.runtime.model.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class IngestTest {
  private final byte[] blob = new byte[300_000];
  private Digest digest;

  @TempDir Path root;
  private ContentStore store;

  @BeforeEach
  void open() throws Exception {
    new Random(1).nextBytes(blob);
    digest = Sha256.of(blob);
    store = ContentStore.open(root);
  }

  @Test
  void becomesABlobOnceVerified() throws Exception {
    try (Ingest ingest = store.ingest(digest, blob.length)) {
      ingest.write(blob, 0, 1000);
      ingest.write(blob, 1000, blob.length - 1000);
      ingest.verify();
      ingest.commit();
    }
    assertThat(store.read(digest, blob.length)).isEqualTo(blob);
    assertThat(ContentStoreTest.filesBelow(root)).hasSize(1);
  }

  @Test
  void leavesNothingWhenVerifiedAndUsedUp() throws Exception {
    try (Ingest ingest = store.ingest(digest, blob.length)) {
      ingest.write(blob, 0, blob.length);
      ingest.verify();
    }
    assertThat(ContentStoreTest.filesBelow(root)).isEmpty();
  }

  @Test
  void goesOnAfterACrashWhereItStopped() throws Exception {
    Files.write(
        root.resolve("ingest").resolve(digest.hex()), java.util.Arrays.copyOf(blob, 123_456));
    try (Ingest ingest = ContentStore.open(root).ingest(digest, blob.length)) {
      assertThat(ingest.position()).isEqualTo(123_456);
      ingest.write(blob, 123_456, blob.length - 123_456);
      ingest.verify();
      ingest.commit();
    }
    assertThat(store.read(digest, blob.length)).isEqualTo(blob);
  }

  @Test
  void keepsWhatArrivedWhenClosedEarly() throws Exception {
    try (Ingest ingest = store.ingest(digest, blob.length)) {
      ingest.write(blob, 0, 777);
    }
    try (Ingest again = store.ingest(digest, blob.length)) {
      assertThat(again.position()).isEqualTo(777);
    }
  }

  @Test
  void keepsNoEmptyFile() throws Exception {
    store.ingest(digest, blob.length).close();
    assertThat(ContentStoreTest.filesBelow(root)).isEmpty();
  }

  @Test
  void forgetsALeftoverLongerThanTheBlob() throws Exception {
    Files.write(root.resolve("ingest").resolve(digest.hex()), new byte[blob.length + 1]);
    try (Ingest ingest = store.ingest(digest, blob.length)) {
      assertThat(ingest.position()).isZero();
    }
  }

  @Test
  void refusesWrongBytesAndCanBeginAgain() throws Exception {
    try (Ingest ingest = store.ingest(digest, blob.length)) {
      ingest.write(new byte[blob.length], 0, blob.length);
      assertThatThrownBy(ingest::verify)
          .isInstanceOf(ContentException.Corrupt.class)
          .hasMessageContaining("altered or damaged");
      ingest.discard();
    }
    try (Ingest again = store.ingest(digest, blob.length)) {
      assertThat(again.position()).isZero();
      again.write(blob, 0, blob.length);
      again.verify();
      again.commit();
    }
    assertThat(store.read(digest, blob.length)).isEqualTo(blob);
  }

  @Test
  void refusesTooManyAndTooFewBytes() throws Exception {
    try (Ingest ingest = store.ingest(digest, 10)) {
      ingest.write(blob, 0, 9);
      assertThatThrownBy(() -> ingest.write(blob, 9, 2)).hasMessageContaining("longer than the 10");
      assertThatThrownBy(ingest::verify).hasMessageContaining("9 bytes instead of 10");
    }
  }

  @Test
  void letsOneWriterIn() throws Exception {
    try (Ingest ingest = store.ingest(digest, blob.length)) {
      assertThat(ingest.digest()).isEqualTo(digest);
      assertThatThrownBy(() -> store.ingest(digest, blob.length))
          .isInstanceOf(ContentException.InUse.class);
    }
    store.ingest(digest, blob.length).close();
  }

  @Test
  void letsAReaderFollowTheWriter() throws Exception {
    try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
      Ingest ingest = store.ingest(digest, blob.length);
      Future<byte[]> all = executor.submit(() -> readAll(ingest));
      for (int at = 0; at < blob.length; at += 1000) {
        ingest.write(blob, at, Math.min(1000, blob.length - at));
      }
      assertThat(all.isDone()).as("the end waits for verification").isFalse();
      ingest.verify();
      ingest.close();
      assertThat(all.get(10, TimeUnit.SECONDS)).isEqualTo(blob);
    }
  }

  @Test
  void failsItsReadersWhenTheWriterGivesUp() throws Exception {
    try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
      Ingest ingest = store.ingest(digest, blob.length);
      ingest.write(blob, 0, 1000);
      CompletableFuture<Void> begun = new CompletableFuture<>();
      Future<byte[]> all =
          executor.submit(() -> {
            try (InputStream in = ingest.reader()) {
              in.readNBytes(1000);
              begun.complete(null);
              return in.readAllBytes();
            }
          });
      begun.get(10, TimeUnit.SECONDS);
      ingest.close();
      assertThatThrownBy(() -> all.get(10, TimeUnit.SECONDS))
          .isInstanceOf(ExecutionException.class)
          .hasRootCauseInstanceOf(IOException.class)
          .hasMessageContaining("did not arrive whole");
    }
  }

  @Test
  void interruptsAWaitingReaderAndHarmsNobodyElse() throws Exception {
    try (Ingest ingest = store.ingest(digest, blob.length)) {
      Thread.currentThread().interrupt();
      try (InputStream in = ingest.reader()) {
        assertThatThrownBy(() -> in.read()).hasMessageContaining("interrupted");
      } finally {
        assertThat(Thread.interrupted()).isTrue();
      }
      ingest.write(blob, 0, blob.length);
      assertThat(ingest.position()).isEqualTo(blob.length);
    }
  }

  private static byte[] readAll(Ingest ingest) throws Exception {
    try (InputStream in = ingest.reader()) {
      return in.readAllBytes();
    }
  }
}
