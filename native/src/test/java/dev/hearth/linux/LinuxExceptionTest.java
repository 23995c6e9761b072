package dev.hearth.linux;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class LinuxExceptionTest {
  @Test
  void saysWhatFailedOnWhat() {
    assertThat(new LinuxException("mount overlay on", "/x", Errno.ENOENT))
        .hasMessage("mount overlay on /x: no such file or directory (ENOENT)");
    assertThat(new LinuxException("make pipe", "", 24))
        .hasMessage("make pipe: too many open files (EMFILE)");
    assertThat(new LinuxException("open", "/x", 4711)).hasMessage("open /x: error 4711");
    assertThat(new LinuxException("create", "overlay", 22, "no lower directory"))
        .hasMessage("create overlay: invalid argument (EINVAL): no lower directory");
  }

  @Test
  void knowsItsNumber() {
    var failure = new LinuxException("open", "/x", Errno.EACCES);
    assertThat(failure.is(Errno.EACCES)).isTrue();
    assertThat(failure.isAnyOf(Errno.EPERM, Errno.EACCES)).isTrue();
    assertThat(failure.isAnyOf(Errno.EPERM, Errno.ENOENT)).isFalse();
    assertThat(Errno.of(13)).contains(Errno.EACCES);
    assertThat(Errno.of(4711)).isEmpty();
  }
}
