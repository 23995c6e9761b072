package dev.hearth.proto;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.proto.admin.v1.AdminProto;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Holds Hearth's own interface to its promise: things are added, never changed or removed. */
class AdminWireTest {
  private static final String LISTING = "admin-v1.txt";

  @Test
  void whatWasThereIsThereAsItWas() throws IOException {
    List<String> actual = WireListing.of(List.of(AdminProto.getDescriptor()));
    Path fresh = Path.of("target", LISTING);
    Files.createDirectories(fresh.getParent());
    Files.write(fresh, actual);

    assertThat(actual)
        .as("additions go into src/test/resources/dev/hearth/proto from %s", fresh)
        .containsAll(released());
  }

  private static List<String> released() throws IOException {
    try (var in = AdminWireTest.class.getResourceAsStream(LISTING)) {
      assertThat(in).as(LISTING).isNotNull();
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    }
  }
}
