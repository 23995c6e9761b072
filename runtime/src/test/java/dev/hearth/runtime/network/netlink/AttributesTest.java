package dev.hearth.runtime.network.netlink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class AttributesTest {
  @Test
  void everyKindIsReadBack() {
    byte[] written =
        new MessageWriter()
            .u8(1, 200)
            .u32(2, -5)
            .be32(3, 0x01020304)
            .string(4, "größe")
            .bytes(5, (byte) 1, (byte) 2, (byte) 3)
            .nest(6, inner -> inner.u32(1, 10).nest(2, deeper -> deeper.u8(1, 1)))
            .toBytes();

    Attributes read = Attributes.parse(written, 0);

    assertThat(read.u8(1)).hasValue(200);
    assertThat(read.u32(2)).hasValue(-5);
    assertThat(read.be32(3)).hasValue(0x01020304);
    assertThat(read.string(4)).contains("größe");
    assertThat(read.bytes(5)).contains(new byte[] {1, 2, 3});
    assertThat(read.nested(6).flatMap(i -> i.nested(2)).map(d -> d.u8(1).orElse(0))).contains(1);
    assertThat(read.bytes(7)).isEmpty();
    assertThat(read.types()).containsExactly(1, 2, 3, 4, 5, 6);
  }

  @Test
  void writerGrowsWithItsContent() {
    MessageWriter writer = new MessageWriter();
    for (int i = 0; i < 1000; i++) {
      writer.nest(1, n -> n.bytes(2, new byte[33]));
    }

    assertThat(Attributes.parse(writer.toBytes(), 0).eachNested(1)).hasSize(1000);
  }

  @Test
  void attributeTooLongForItsLengthFieldIsRefused() {
    assertThatThrownBy(() -> new MessageWriter().bytes(1, new byte[70_000]))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() ->
            new MessageWriter()
                .nest(1, n -> n.bytes(1, new byte[40_000]).bytes(1, new byte[40_000])))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void attributeCutShortIsRefused() {
    byte[] written = new MessageWriter().string(1, "eight by").toBytes();
    byte[] cut = java.util.Arrays.copyOf(written, written.length - 4);

    assertThatThrownBy(() -> Attributes.parse(cut, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("claims");
  }

  @Test
  void attributeShorterThanItsOwnHeaderIsRefused() {
    assertThatThrownBy(() -> Attributes.parse(new byte[] {3, 0, 1, 0}, 0))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void bodyShorterThanItsFixedHeaderIsRefused() {
    assertThatThrownBy(() -> Link.parse(new byte[8])).isInstanceOf(IllegalArgumentException.class);
  }
}
