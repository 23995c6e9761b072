package dev.hearth.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.testing.TestImage.Format;
import dev.hearth.testing.TestLayer.Compression;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The harness itself: a registry that serves what was pushed. */
class LoopbackRegistryE2E {
  @TempDir Path folder;

  @Test
  void servesAnIndexAndItsMembersUntilItIsStopped() throws Exception {
    var images = new TestImages(folder.resolve("images"));
    TestImage index = images.multiplatform(Format.OCI);
    long pid;
    try (var registry = LoopbackRegistry.start(folder.resolve("registry"));
        var http = HttpClient.newHttpClient()) {
      pid = registry.pid();
      assertThat(registry.push("hearth/multi:1", index))
          .isEqualTo(registry.host() + "/hearth/multi:1");
      HttpRequest get =
          HttpRequest.newBuilder(
                  URI.create("http://" + registry.host() + "/v2/hearth/multi/manifests/1"))
              .header("Accept", index.root().mediaType())
              .build();
      HttpResponse<String> answer = http.send(get, HttpResponse.BodyHandlers.ofString());

      assertThat(answer.headers().firstValue("Docker-Content-Digest")).contains(index.digest());
      assertThat(answer.body()).contains(index.members().getFirst().digest(), "s390x");
    }
    assertThat(ProcessHandle.of(pid)).isEmpty();
  }

  @Test
  void makesTheSameImageEachTime() throws Exception {
    var images = new TestImages(folder);

    assertThat(images.busybox(Format.DOCKER, Compression.GZIP).digest())
        .isEqualTo(images.busybox(Format.DOCKER, Compression.GZIP).digest())
        .isNotEqualTo(images.busybox(Format.OCI, Compression.ZSTD).digest());
  }
}
