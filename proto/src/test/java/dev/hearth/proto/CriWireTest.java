package dev.hearth.proto;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.DebugFormat;
import com.google.protobuf.Descriptors.FileDescriptor;
import dev.hearth.proto.cri.v1.AuthConfig;
import dev.hearth.proto.cri.v1.ImageServiceGrpc;
import dev.hearth.proto.cri.v1.ImageServiceProto;
import dev.hearth.proto.cri.v1.PullImageRequest;
import dev.hearth.proto.cri.v1.RuntimeServiceGrpc;
import dev.hearth.proto.cri.v1.RuntimeServiceProto;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Holds the CRI contract to the listing reviewed against cri-api v0.37.2. */
class CriWireTest {
  private static final String LISTING = "cri-v1.txt";

  @Test
  void everyNameNumberAndTypeIsAsReviewed() throws IOException {
    List<String> actual = WireListing.of(criFiles());
    Path fresh = Path.of("target", LISTING);
    Files.createDirectories(fresh.getParent());
    Files.write(fresh, actual);

    assertThat(actual)
        .as("the contract changed; compare %s with src/test/resources/dev/hearth/proto", fresh)
        .containsExactlyElementsOf(reviewed());
  }

  @Test
  void theServicesHaveTheNamesThatGoOnTheWire() {
    assertThat(RuntimeServiceGrpc.SERVICE_NAME).isEqualTo("runtime.v1.RuntimeService");
    assertThat(ImageServiceGrpc.SERVICE_NAME).isEqualTo("runtime.v1.ImageService");
    assertThat(RuntimeServiceGrpc.getRunPodSandboxMethod().getFullMethodName())
        .isEqualTo("runtime.v1.RuntimeService/RunPodSandbox");
  }

  @Test
  void debugFormatHidesCredentials() {
    var request =
        PullImageRequest.newBuilder()
            .setAuth(
                AuthConfig.newBuilder()
                    .setUsername("jane")
                    .setPassword("secret-1")
                    .setAuth("secret-2")
                    .setIdentityToken("secret-3")
                    .setRegistryToken("secret-4"))
            .build();
    assertThat(DebugFormat.singleLine().toString(request))
        .contains("jane")
        .doesNotContain("secret");
  }

  private static List<String> reviewed() throws IOException {
    try (InputStream in = CriWireTest.class.getResourceAsStream(LISTING)) {
      assertThat(in).as(LISTING).isNotNull();
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    }
  }

  private static Set<FileDescriptor> criFiles() {
    var files = new LinkedHashSet<FileDescriptor>();
    collect(RuntimeServiceProto.getDescriptor(), files);
    collect(ImageServiceProto.getDescriptor(), files);
    return files;
  }

  private static void collect(FileDescriptor file, Set<FileDescriptor> into) {
    assertThat(file.getPackage()).isEqualTo("runtime.v1");
    if (into.add(file)) {
      file.getDependencies().forEach(dependency -> collect(dependency, into));
    }
  }
}
