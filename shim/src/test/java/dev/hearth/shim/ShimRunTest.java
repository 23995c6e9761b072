package dev.hearth.shim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.linux.Descriptors;
import dev.hearth.linux.Fd;
import dev.hearth.linux.Opens;
import dev.hearth.linux.Poller;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

/** With shims of a few lines of shell, which do what the real one does once in a thousand times. */
class ShimRunTest {
  private static final Duration SHORT = Duration.ofNanos(1);
  private static final Plan PLAN = new Plan(PlanKind.LAUNCH, List.of(), new TreeMap<>());

  /** Ends when the daemon gives up. */
  private static final String AWAIT_CALL_OFF = "/bin/cat <&4 >&2\n";

  @Test
  void aStartReportedAsItIsCalledOffHasSucceeded() throws Exception {
    String shim = AWAIT_CALL_OFF + report(Report.WARNING) + report(Report.STARTED);
    StartedContainer started = launch(shim);
    assertThat(started.process().pid()).isEqualTo(7);
    assertThat(started.warnings()).hasSize(1);
  }

  @Test
  void oneThatIsUndoneHasTimedOut() {
    assertThatThrownBy(() -> launch(AWAIT_CALL_OFF + report(Report.FAILED)))
        .isInstanceOf(TimeoutException.class);
    assertThatThrownBy(() -> launch(AWAIT_CALL_OFF)).isInstanceOf(TimeoutException.class);
  }

  private static StartedContainer launch(String script) throws Exception {
    try (Poller poller = new Poller();
        Fd program = Opens.executableMemory("shim")) {
      byte[] content = ("#!/bin/sh\n" + script).getBytes(StandardCharsets.US_ASCII);
      Descriptors.writeAll(program, ByteBuffer.wrap(content));
      Descriptors.seal(program);
      return new ShimRun(poller, program).launch(PLAN, SHORT);
    }
  }

  /** The command that sends one. */
  private static String report(int kind) {
    ByteBuffer report = ByteBuffer.allocate(Report.SIZE).order(ByteOrder.LITTLE_ENDIAN);
    report.putShort((short) kind).putShort((short) 6).putInt(-1).putInt(0).putInt(7).putLong(8);
    StringBuilder octal = new StringBuilder();
    for (byte b : report.array()) {
      octal.append("\\%03o".formatted(b & 0xFF));
    }
    return "printf '" + octal + "' >&4\n";
  }
}
