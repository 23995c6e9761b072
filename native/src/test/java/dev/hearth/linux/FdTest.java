package dev.hearth.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

final class FdTest {
  @Test
  void closesOnce() throws LinuxException {
    Fd fd = Opens.memory("once");
    Path number = Path.of(fd.procPath());
    assertThat(Files.exists(number)).isTrue();
    fd.close();
    fd.close();
    assertThat(Files.exists(number)).isFalse();
    assertThatThrownBy(() -> Descriptors.sync(fd))
        .hasMessage("sync memory file once: bad file descriptor (EBADF)");
  }

  @Test
  void keepsItsNumberWhileInUse() throws LinuxException {
    Fd fd = Opens.memory("used");
    try (Fd.Use use = fd.use("test")) {
      fd.close();
      assertThat(fd.isClosed()).isTrue();
      assertThat(Files.exists(Path.of("/proc/self/fd/" + use.number()))).isTrue();
      assertThatThrownBy(() -> fd.use("test")).hasMessageContaining("EBADF");
    }
    assertThat(Files.exists(Path.of(fd.procPath()))).isFalse();
  }

  @Test
  void tellsItsListenersOfClosing() throws LinuxException {
    var told = new AtomicInteger();
    Runnable listener = told::incrementAndGet;
    Fd fd = Opens.memory("listened");
    try (Fd.Use use = fd.use("test")) {
      assertThat(use.number()).isEqualTo(fd.number());
      fd.addCloseListener(listener);
      fd.close();
      assertThat(told).hasValue(1);
      fd.removeCloseListener(listener);
      fd.addCloseListener(listener);
      assertThat(told).hasValue(2);
    }
  }

  @Test
  void adoptsOnlyWhatIsOpen() throws LinuxException {
    assertThatThrownBy(() -> Fd.adopt(100_000, "nothing"))
        .hasMessage("adopt descriptor nothing: bad file descriptor (EBADF)");
    Fd.adopt(Descriptors.duplicate(Opens.memory("adopted")).number(), "adopted").close();
  }
}
