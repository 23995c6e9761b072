package dev.hearth.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class SysTest {
  @Test
  void encodesUtf8EndingInNul() throws LinuxException {
    assertThat(Sys.encode("open", "a/é€😀")).isEqualTo("a/é€😀\0".getBytes(StandardCharsets.UTF_8));
    assertThat(Sys.encode("open", "")).isEqualTo(new byte[] {0});
  }

  @Test
  void refusesANulInsideAName() {
    assertThatThrownBy(() -> Sys.encode("open", "a\0b"))
        .isInstanceOf(LinuxException.class)
        .hasMessage("open a\\0b: invalid argument (EINVAL)");
    assertThatThrownBy(() -> Sys.encode("open", "é\0"))
        .isInstanceOf(LinuxException.class)
        .hasMessageContaining("EINVAL");
  }

  @Test
  void carriesEveryByteThroughAName() throws LinuxException {
    byte[] all = new byte[255 + 3];
    for (int i = 0; i < 255; i++) {
      all[i] = (byte) (i + 1);
    }
    all[255] = (byte) 0xC3;
    all[256] = (byte) 0xA9;
    all[257] = (byte) 0xE2;
    String name = Sys.decode(all, 0, all.length);
    byte[] back = Sys.encode("open", name);
    assertThat(back).hasSize(all.length + 1).startsWith(all);
  }

  @Test
  void keepsAReplacementCharacterThatWasThere() throws LinuxException {
    byte[] bytes = "a\uFFFDb".getBytes(StandardCharsets.UTF_8);
    assertThat(Sys.decode(bytes, 0, bytes.length)).isEqualTo("a\uFFFDb");
  }

  @Test
  void carriesAnyBytesThroughAName() throws LinuxException {
    Random random = new Random(7);
    for (int i = 0; i < 5000; i++) {
      byte[] bytes = new byte[random.nextInt(1, 20)];
      for (int j = 0; j < bytes.length; j++) {
        // Mostly bytes that begin or continue sequences of UTF-8.
        bytes[j] = (byte) (random.nextBoolean() ? random.nextInt(0x80, 0x100) : 'a');
      }
      String name = Sys.decode(bytes, 0, bytes.length);
      assertThat(Sys.encode("open", name)).startsWith(bytes).hasSize(bytes.length + 1);
    }
  }

  @Test
  void knowsItsProcessors() {
    assertThat(Arch.of("amd64")).isEqualTo(Arch.X86_64);
    assertThat(Arch.of("aarch64")).isEqualTo(Arch.AARCH64);
    assertThatThrownBy(() -> Arch.of("riscv64"))
        .hasMessage("no system calls known for processor riscv64");
  }
}
