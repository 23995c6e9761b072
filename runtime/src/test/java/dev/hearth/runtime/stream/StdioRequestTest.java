package dev.hearth.runtime.stream;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.runtime.model.HearthException.InvalidRequest;
import org.junit.jupiter.api.Test;

class StdioRequestTest {
  @Test
  void atLeastOneStreamIsWanted() {
    assertThatThrownBy(() -> new StdioRequest(false, false, false, false))
        .isInstanceOf(InvalidRequest.class);
    assertThatThrownBy(() -> new StdioRequest(false, false, false, true))
        .isInstanceOf(InvalidRequest.class);
    assertThatCode(() -> new StdioRequest(true, false, false, false)).doesNotThrowAnyException();
  }

  @Test
  void aTerminalHasNoStderr() {
    assertThatThrownBy(() -> new StdioRequest(true, true, true, true))
        .isInstanceOf(InvalidRequest.class)
        .hasMessageContaining("stderr");
  }
}
