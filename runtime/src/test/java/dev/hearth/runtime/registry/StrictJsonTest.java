package dev.hearth.runtime.registry;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class StrictJsonTest {
  @Test
  void aDocumentOfVeryManyPartsIsRefusedBeforeItIsBuilt() {
    assertThat(StrictJson.object(list(10_000))).isPresent();
    assertThat(StrictJson.object(list(100_000))).isEmpty();
  }

  private static byte[] list(int values) {
    return ("{\"list\":[" + "\"\",".repeat(values) + "\"\"]}").getBytes(UTF_8);
  }

  @Test
  void whatIsNoObjectOrHasMoreAfterItIsRefused() {
    for (String text : new String[] {"", "[]", "{", "{}{}", "{} x", "{'a':1}", "{\"a\":1,}"}) {
      assertThat(StrictJson.object(text.getBytes(UTF_8))).as(text).isEmpty();
    }
    assertThat(StrictJson.object("{\"a\": [1, true, null, {\"b\": 1.5}]}".getBytes(UTF_8)))
        .hasValueSatisfying(object -> assertThat(object.get("a").isJsonArray()).isTrue());
  }
}
