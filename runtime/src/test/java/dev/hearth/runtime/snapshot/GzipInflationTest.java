package dev.hearth.runtime.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;

final class GzipInflationTest {
  static byte[] gzip(byte[] plain) throws IOException {
    var out = new ByteArrayOutputStream();
    try (var gzip = new GZIPOutputStream(out)) {
      gzip.write(plain);
    }
    return out.toByteArray();
  }

  private static byte[] join(byte[]... parts) {
    var out = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      out.writeBytes(part);
    }
    return out.toByteArray();
  }

  /** Inflates with the reader on a thread of its own, as it is in earnest. */
  static byte[] inflate(byte[] compressed, LayerCompression compression) throws Exception {
    var pipe = new ChunkPipe();
    Thread thread =
        Thread.ofPlatform()
            .start(() -> {
              try {
                Inflation.run(new ByteArrayInputStream(compressed), compression, pipe);
                pipe.end(null);
              } catch (Exception e) {
                pipe.end(e);
              }
            });
    var out = new ByteArrayOutputStream();
    try {
      ChunkSource.Chunk chunk;
      while ((chunk = pipe.next()) != null) {
        out.write(chunk.bytes, 0, chunk.length);
      }
    } finally {
      pipe.cancel();
      thread.join();
    }
    return out.toByteArray();
  }

  private static byte[] inflate(byte[] compressed) throws Exception {
    return inflate(compressed, LayerCompression.GZIP);
  }

  private static byte[] random(int length) {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return bytes;
  }

  @Test
  void inflatesOneMember() throws Exception {
    for (int length :
        new int[] {0, 1, 1000, ChunkPipe.CHUNK_BYTES, 3 * ChunkPipe.CHUNK_BYTES + 7}) {
      byte[] plain = random(length);
      assertThat(inflate(gzip(plain))).isEqualTo(plain);
    }
  }

  @Test
  void inflatesManyMembersAsOneStream() throws Exception {
    byte[] a = random(ChunkPipe.CHUNK_BYTES);
    byte[] b = random(5);
    byte[] parts = join(gzip(a), gzip(new byte[0]), gzip(b), gzip(a));
    assertThat(inflate(parts)).isEqualTo(join(a, b, a));
  }

  @Test
  void readsEveryFieldOfAHeader() throws Exception {
    byte[] plain = random(100);
    byte[] member = gzip(plain);
    member[3] = 0x1E;
    byte[] fields = {3, 0, 'e', 'x', 't', 'n', 0, 'c', 'o', 0, 1, 2};
    byte[] rest = Arrays.copyOfRange(member, 10, member.length);
    assertThat(inflate(join(Arrays.copyOf(member, 10), fields, rest))).isEqualTo(plain);
  }

  @Test
  void refusesAStreamThatIsCutOff() throws Exception {
    byte[] member = gzip(random(300));
    for (int length = 4; length < member.length; length++) {
      byte[] cut = Arrays.copyOf(member, length);
      assertThatThrownBy(() -> inflate(cut))
          .isInstanceOf(LayerException.class)
          .hasMessageContaining("ends early");
    }
  }

  @Test
  void refusesWhatIsBrokenOrFollows() throws Exception {
    byte[] member = gzip(random(300));
    assertThatThrownBy(() -> inflate(join(member, new byte[] {0, 0, 0})))
        .isInstanceOf(LayerException.class)
        .hasMessageContaining("no gzip");
    byte[] wrongLength = member.clone();
    wrongLength[member.length - 1] ^= 1;
    assertThatThrownBy(() -> inflate(wrongLength)).hasMessageContaining("length");
    byte[] reserved = member.clone();
    reserved[3] = (byte) 0x80;
    assertThatThrownBy(() -> inflate(reserved)).hasMessageContaining("unknown kind");
    byte[] damaged = member.clone();
    damaged[10] = 7; // a block of a type there is not
    assertThatThrownBy(() -> inflate(damaged))
        .isInstanceOf(LayerException.class)
        .hasMessageContaining("broken gzip");
  }

  @Test
  void inflatesZstdFramesAndRefusesBrokenOnes() throws Exception {
    byte[] plain = random(1_000_000);
    byte[] frame = com.github.luben.zstd.Zstd.compress(plain);
    byte[] two = join(frame, frame);
    assertThat(inflate(two, LayerCompression.ZSTD)).isEqualTo(join(plain, plain));
    byte[] cut = Arrays.copyOf(frame, frame.length - 10);
    assertThatThrownBy(() -> inflate(cut, LayerCompression.ZSTD))
        .isInstanceOf(LayerException.class)
        .hasMessageContaining("zstd");
    byte[] junk = join(frame, new byte[] {1, 2, 3, 4, 5, 6, 7, 8});
    assertThatThrownBy(() -> inflate(junk, LayerCompression.ZSTD))
        .isInstanceOf(LayerException.class)
        .hasMessageContaining("zstd");
  }

  @Test
  void saysWhenTheMediaTypeIsWrong() throws Exception {
    byte[] gzip = gzip(random(10));
    assertThatThrownBy(() -> inflate(gzip, LayerCompression.ZSTD))
        .isInstanceOf(LayerException.class)
        .hasMessage("the layer's media type says zstd, its content is gzip");
    assertThatThrownBy(() -> inflate(gzip, LayerCompression.NONE))
        .hasMessage("the layer's media type says not compressed, its content is gzip");
    assertThatThrownBy(() -> inflate(new byte[3], LayerCompression.GZIP))
        .hasMessage("the layer's media type says gzip, its content is neither gzip nor zstd");
  }

  @Test
  void knowsTheMediaTypesOfLayers() throws Exception {
    String oci = "application/vnd.oci.image.layer.v1.tar";
    String docker = "application/vnd.docker.image.rootfs.diff.tar";
    assertThat(LayerCompression.ofMediaType(oci)).isEqualTo(LayerCompression.NONE);
    assertThat(LayerCompression.ofMediaType(oci + "+gzip")).isEqualTo(LayerCompression.GZIP);
    assertThat(LayerCompression.ofMediaType(oci + "+zstd")).isEqualTo(LayerCompression.ZSTD);
    assertThat(LayerCompression.ofMediaType(docker + ".gzip")).isEqualTo(LayerCompression.GZIP);
    assertThat(LayerCompression.ofMediaType(docker + ".zstd")).isEqualTo(LayerCompression.ZSTD);
    for (String other :
        new String[] {"", "gzip", oci + "+", oci + "+xz", oci + "-gzip", "text/x"}) {
      assertThatThrownBy(() -> LayerCompression.ofMediaType(other))
          .isInstanceOf(LayerException.class);
    }
  }
}
