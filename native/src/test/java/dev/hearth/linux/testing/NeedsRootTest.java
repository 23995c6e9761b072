package dev.hearth.linux.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class NeedsRootTest {
  @TempDir Path folder;

  @Test
  void runsAsRootWithTheCapability() throws IOException {
    assertThat(RootCondition.evaluate(status(0, "000001ffffffffff"), true).isDisabled()).isFalse();
  }

  @Test
  void skipsWithItsReasonOnAWorkstation() throws IOException {
    var result = RootCondition.evaluate(status(1000, "0000000000000000"), false);
    assertThat(result.isDisabled()).isTrue();
    assertThat(result.getReason()).contains("needs root");
  }

  @Test
  void skipsWithoutTheCapability() throws IOException {
    var result = RootCondition.evaluate(status(0, "00000000a80425fb"), false);
    assertThat(result.getReason()).contains("needs CAP_SYS_ADMIN");
  }

  @Test
  void failsInCi() throws IOException {
    Path status = status(1000, "0000000000000000");
    assertThatThrownBy(() -> RootCondition.evaluate(status, true))
        .hasMessageContaining("needs root");
  }

  private Path status(int uid, String effective) throws IOException {
    return Files.writeString(
        folder.resolve("status"),
        "Name:\tx\nUid:\t%d\t%d\t%d\t%d\nCapEff:\t%s\n".formatted(uid, uid, uid, uid, effective));
  }
}
