package dev.hearth.runtime.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.model.ImageReference;
import java.util.List;
import org.junit.jupiter.api.Test;

final class PinnedImagesTest {
  private static boolean pins(String pattern, String reference) {
    return new PinnedImages(List.of(pattern)).test(ImageReference.parse(reference));
  }

  @Test
  void aReferencePinsWhatItNamesAndNothingElse() {
    assertThat(pins("busybox", "docker.io/library/busybox:latest")).isTrue();
    assertThat(pins("busybox:1", "busybox:1")).isTrue();
    assertThat(pins("busybox:1", "busybox:12")).isFalse();
    assertThat(pins("busybox:1", "registry.local/busybox:1")).isFalse();
  }

  @Test
  void aStarStandsForAnyCharactersAndAPointForItself() {
    assertThat(pins("registry.k8s.io/pause:*", "registry.k8s.io/pause:3.9")).isTrue();
    assertThat(pins("registry.k8s.io/pause:*", "registryxk8s.io/pause:3.9")).isFalse();
    assertThat(pins("*/pause:3.*", "registry.k8s.io/pause:3.9")).isTrue();
    assertThat(pins("registry.k8s.io/*", "registry.k8s.io/etcd@sha256:" + "a".repeat(64))).isTrue();
  }

  @Test
  void whatIsNoReferenceIsRefused() {
    assertThatThrownBy(() -> new PinnedImages(List.of("Not A Reference")))
        .isInstanceOf(HearthException.InvalidRequest.class);
  }
}
