package dev.hearth.linux;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class SignalsTest {
  @ParameterizedTest
  @CsvSource({
    "15, 15",
    "TERM, 15",
    "SIGTERM, 15",
    "sigkill, 9",
    "SIGRTMIN+3, 37",
    "RTMIN, 34",
    "RTMAX, 64",
    "SIGRTMAX-1, 63",
    "SYS, 31",
    "SIGCLD, 17"
  })
  void readsWhatImagesWrite(String text, int signal) {
    assertThat(Signals.parse(text)).hasValue(signal);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "0", "65", "SIG", "SIGSIGTERM", "RTMIN+31", "RTMAX-40", "-1", "FOO"})
  void refusesTheRest(String text) {
    assertThat(Signals.parse(text)).isEmpty();
  }

  @Test
  void namesEverySignalSoThatItReadsBack() {
    for (int signal = 1; signal <= Signals.MAX; signal++) {
      if (signal != 32 && signal != 33) {
        assertThat(Signals.parse(Signals.name(signal))).hasValue(signal);
      }
    }
    assertThat(Signals.name(99)).isEqualTo("signal 99");
  }

  @Test
  void decodesWaitStatuses() {
    assertThat(ExitStatus.ofWaitStatus(42 << 8)).isEqualTo(new ExitStatus.Exited(42));
    assertThat(ExitStatus.ofWaitStatus(9)).isEqualTo(new ExitStatus.Signaled(9, false));
    assertThat(ExitStatus.ofWaitStatus(11 | 0x80).shellCode()).isEqualTo(139);
  }

  @Test
  void findsTheStartBehindAnyProgramName() {
    String stat =
        "7 (a) b) c) S 1 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 987654 0 0 18446744073709551615";
    assertThat(ProcessIdentity.parse(7, stat)).contains(new ProcessIdentity(7, 987654));
    assertThat(ProcessIdentity.parse(7, stat.replace(") S ", ") Z "))).isEmpty();
  }
}
