package dev.hearth.runtime.stream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.shim.WindowSize;
import org.junit.jupiter.api.Test;

class ResizePumpTest {
  @Test
  void aSizeIsWidthAndHeight() {
    assertThat(ResizePump.parse("{\"Width\":80,\"Height\":24}")).contains(new WindowSize(24, 80));
  }

  @Test
  void whatIsNoSizeIsLeftOut() {
    assertThat(ResizePump.parse("{}")).isEmpty();
    assertThat(ResizePump.parse("{\"Width\":80}")).isEmpty();
    assertThat(ResizePump.parse("{\"Width\":80,\"Height\":-1}")).isEmpty();
    assertThat(ResizePump.parse("{\"Width\":80,\"Height\":1000000}")).isEmpty();
    assertThat(ResizePump.parse("{\"Width\":{},\"Height\":[]}")).isEmpty();
    assertThat(ResizePump.parse("}")).isEmpty();
  }
}
