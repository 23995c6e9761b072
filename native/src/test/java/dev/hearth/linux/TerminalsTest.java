package dev.hearth.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.EnumSet;
import org.junit.jupiter.api.Test;

class TerminalsTest {
  private static Fd terminal() throws LinuxException {
    return Opens.open(
        Path.of("/dev/ptmx"), EnumSet.of(OpenFlag.READ_WRITE, OpenFlag.NO_CONTROLLING_TERMINAL));
  }

  @Test
  void aTerminalHasASizeAndOthersHaveNone() throws LinuxException {
    try (Fd terminal = terminal();
        Fd other = Opens.memory("no terminal")) {
      assertThat(Terminals.size(terminal)).contains(new Terminals.Size(0, 0));
      assertThat(Terminals.size(other)).isEmpty();
    }
  }

  @Test
  void aRawTerminalIsRestored() throws LinuxException {
    try (Fd terminal = terminal()) {
      byte[] before = Terminals.makeRaw(terminal);
      byte[] raw = Terminals.makeRaw(terminal);
      assertThat(raw).isNotEqualTo(before);
      Terminals.restore(terminal, before);
      assertThat(Terminals.makeRaw(terminal)).isEqualTo(before);
    }
  }
}
