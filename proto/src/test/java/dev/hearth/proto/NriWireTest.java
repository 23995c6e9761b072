package dev.hearth.proto;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.proto.nri.v1alpha1.AdjustmentProto;
import dev.hearth.proto.nri.v1alpha1.ContainerProto;
import dev.hearth.proto.nri.v1alpha1.ResourcesProto;
import dev.hearth.proto.nri.v1alpha1.ServicesProto;
import dev.hearth.proto.ttrpc.TtrpcProto;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Holds the contract with plugins to the listing compared with NRI 0.12.5 and ttrpc 1.2.7. */
class NriWireTest {
  private static final String LISTING = "nri-v1alpha1.txt";

  @Test
  void everyNameNumberAndTypeIsAsReviewed() throws IOException {
    List<String> actual =
        WireListing.of(
            List.of(
                ServicesProto.getDescriptor(),
                AdjustmentProto.getDescriptor(),
                ContainerProto.getDescriptor(),
                ResourcesProto.getDescriptor(),
                TtrpcProto.getDescriptor()));
    Path fresh = Path.of("target", LISTING);
    Files.createDirectories(fresh.getParent());
    Files.write(fresh, actual);

    assertThat(actual)
        .as("the contract changed; compare %s with src/test/resources/dev/hearth/proto", fresh)
        .containsExactlyElementsOf(reviewed());
  }

  private static List<String> reviewed() throws IOException {
    try (var in = NriWireTest.class.getResourceAsStream(LISTING)) {
      assertThat(in).as(LISTING).isNotNull();
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    }
  }
}
