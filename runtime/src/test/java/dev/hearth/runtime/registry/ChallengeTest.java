package dev.hearth.runtime.registry;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ChallengeTest {
  @Test
  void readsQuotedAndBareParameters() {
    assertThat(
            Challenge.parse(
                "Bearer realm=\"https://a/t?x=1,2\" ,  service = reg,scope=\"a \\\"b\\\"\""))
        .containsExactly(
            new Challenge(
                "bearer",
                Map.of("realm", "https://a/t?x=1,2", "service", "reg", "scope", "a \"b\"")));
  }

  @Test
  void readsSeveralChallengesInOneHeader() {
    assertThat(Challenge.parse("Basic, Bearer realm=\"x\", NEGOTIATE"))
        .extracting(Challenge::scheme)
        .containsExactly("basic", "bearer", "negotiate");
  }

  @Test
  void survivesWhatIsMalformed() {
    assertThat(Challenge.parse("")).isEmpty();
    assertThat(Challenge.parse("Bearer realm=\"unterminated"))
        .containsExactly(new Challenge("bearer", Map.of("realm", "unterminated")));
    assertThat(Challenge.parse("=,=")).isEmpty();
    assertThat(Challenge.parse("Negotiate abc==")).hasSize(1);
    Random random = new Random(1);
    for (int i = 0; i < 20_000; i++) {
      StringBuilder text = new StringBuilder();
      for (int n = random.nextInt(30); n > 0; n--) {
        text.append("ab =,\"\\\t".charAt(random.nextInt(8)));
      }
      Challenge.parse(text.toString());
    }
  }
}
