package dev.hearth.runtime.stream;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class OutcomeTest {
  private static String told(Outcome outcome, CommandProtocol protocol) {
    return new String(outcome.told(protocol), StandardCharsets.UTF_8);
  }

  @Test
  void successIsAStatusSinceVersionFour() {
    assertThat(told(new Outcome.Success(), CommandProtocol.V4))
        .isEqualTo("{\"metadata\":{},\"status\":\"Success\"}");
    assertThat(told(new Outcome.Success(), CommandProtocol.V3)).isEmpty();
  }

  @Test
  void anExitCodeIsACauseOfAFailure() {
    assertThat(told(Outcome.ofExit(3), CommandProtocol.V5))
        .isEqualTo(
            "{\"metadata\":{},\"status\":\"Failure\",\"message\":\"command terminated with"
                + " non-zero exit code: exit status 3\",\"reason\":\"NonZeroExitCode\","
                + "\"details\":{\"causes\":[{\"reason\":\"ExitCode\",\"message\":\"3\"}]}}");
    assertThat(told(Outcome.ofExit(3), CommandProtocol.V1)).contains("exit status 3");
    assertThat(Outcome.ofExit(0)).isEqualTo(new Outcome.Success());
  }

  @Test
  void aFailureOfOursIsAnInternalError() {
    assertThat(told(new Outcome.Failed("no \"such\" thing"), CommandProtocol.V4))
        .contains("\"message\":\"no \\\"such\\\" thing\"", "\"reason\":\"InternalError\"");
    assertThat(told(new Outcome.Failed("no such thing"), CommandProtocol.V2))
        .isEqualTo("no such thing");
  }
}
