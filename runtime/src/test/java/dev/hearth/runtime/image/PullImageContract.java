package dev.hearth.runtime.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.runtime.model.Digest;
import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.model.ImageReference;
import dev.hearth.runtime.registry.Credentials;
import dev.hearth.runtime.registry.Descriptor;
import dev.hearth.runtime.registry.DockerRegistry;
import dev.hearth.runtime.registry.FakeRegistry;
import dev.hearth.runtime.registry.MediaTypes;
import dev.hearth.runtime.registry.PushTarget;
import dev.hearth.runtime.registry.Repository;
import java.io.ByteArrayOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What every registry must let us do: ours for tests, and Debian's docker-registry. */
class PullImageContract {
  @Nested
  class OnTheFake extends Cases {
    @Override
    PushTarget start(Path directory) {
      return new FakeRegistry();
    }
  }

  @Nested
  class OnDockerRegistry extends Cases {
    @Override
    PushTarget start(Path directory) throws Exception {
      return DockerRegistry.start(directory);
    }

    /** The hash is bcrypt's of the password. */
    @Test
    void authenticatesAsAUser(@TempDir Path own) throws Exception {
      Path users =
          Files.writeString(
              own.resolve("htpasswd"),
              "user:$2y$04$4JmVIHutWh0TePjWFw8W6.dYs5HPbrlnhxHh8tQzRg8iThojS180.\n");
      String auth = "auth: {htpasswd: {realm: here, path: " + users + "}}";
      Credentials right =
          new Credentials(new Credentials.Secret.Password("user", "opensesame"), "");
      Credentials wrong = new Credentials(new Credentials.Secret.Password("user", "sesame"), "");
      try (DockerRegistry registry = DockerRegistry.start(own, auth);
          Fixture fixture = new Fixture(own)) {
        String image = registry.domain() + "/a/b:1";
        assertThatThrownBy(() -> fixture.pulls.pull(image, right, PullProgress.NONE))
            .isInstanceOf(HearthException.NotFound.class);
        for (Credentials bad : new Credentials[] {wrong, Credentials.NONE}) {
          assertThatThrownBy(() -> fixture.pulls.pull(image, bad, PullProgress.NONE))
              .isInstanceOf(HearthException.AccessDenied.class)
              .hasMessageNotContaining("sesame");
        }
      }
    }
  }

  @Timeout(60)
  abstract static class Cases {
    @TempDir Path root;
    private PushTarget registry;
    private Fixture fixture;

    abstract PushTarget start(Path directory) throws Exception;

    @BeforeEach
    void open() throws Exception {
      registry = start(root);
      fixture = new Fixture(root);
    }

    @AfterEach
    void close() {
      fixture.close();
      registry.close();
    }

    private Image pull(String name) throws InterruptedException {
      return fixture.pull(registry, name);
    }

    @Test
    void pullsByTagAndByDigestInBothFormats() throws Exception {
      for (String type : new String[] {MediaTypes.OCI_MANIFEST, MediaTypes.DOCKER_MANIFEST}) {
        TestImage pushed = new TestImage().layer(1, 100_000).layer(2, 10).label(type);
        pushed.manifestType = type;
        if (type.equals(MediaTypes.DOCKER_MANIFEST)) {
          pushed.configType = MediaTypes.DOCKER_CONFIG;
          pushed.layerType = "application/vnd.docker.image.rootfs.diff.tar.gzip";
        }
        pushed.push(registry, "some/where/deep", "v1.0_x-y");
        Image byTag = pull("some/where/deep:v1.0_x-y");
        assertThat(byTag.id()).isEqualTo(pushed.id);
        assertThat(pull("some/where/deep:v1.0_x-y")).isEqualTo(byTag);
        assertThat(pull("some/where/deep@" + pushed.manifest)).isEqualTo(byTag);
        new RemoveImage(fixture.content).remove(byTag.id().toString());
        assertThat(pull("some/where/deep@" + pushed.manifest).id()).isEqualTo(pushed.id);
        new RemoveImage(fixture.content).remove(byTag.id().toString());
      }
    }

    @Test
    void pullsPlainLayersAndEmptyImages() throws Exception {
      TestImage plain = new TestImage().layer(1, 5000);
      plain.layerType = "application/vnd.oci.image.layer.v1.tar";
      plain.push(registry, "a/plain", "1");
      assertThat(pull("a/plain:1").id()).isEqualTo(plain.id);
    }

    @Test
    void choosesFromAnIndex() throws Exception {
      TestImage arm = new TestImage().layer(1, 1000);
      arm.architecture = "arm64";
      arm.push(registry, "a/multi", "arm");
      TestImage amd = new TestImage().layer(2, 1000).push(registry, "a/multi", "amd");
      Digest index = TestImage.index(registry, "a/multi", "1", arm.entry(), amd.entry());
      Image image = pull("a/multi:1");
      assertThat(image.id()).isEqualTo(amd.id);
      assertThat(image.repoDigests()).containsExactly(registry.domain() + "/a/multi@" + index);
    }

    @Test
    void resumesFromAnyPosition() throws Exception {
      byte[] bytes = new byte[300_000];
      new Random(7).nextBytes(bytes);
      Digest digest = registry.blob("a/b", bytes);
      Repository repository =
          fixture.client.repository(
              ImageReference.parse(registry.domain() + "/a/b"), Credentials.NONE);
      for (int from : new int[] {0, 1, 123_456, 299_999, 300_000}) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        repository.fetch(new Descriptor("x", digest, bytes.length), from, out::write);
        assertThat(out.toByteArray()).isEqualTo(Arrays.copyOfRange(bytes, from, bytes.length));
      }
    }

    @Test
    void goesOnWithWhatACrashLeft() throws Exception {
      TestImage pushed = new TestImage().layer(1, 300_000).push(registry, "a/b", "1");
      byte[] compressed = TestImage.gzip(pushed.archives.getFirst());
      Files.write(
          root.resolve("content/ingest").resolve(pushed.layers.getFirst().hex()),
          Arrays.copyOf(compressed, 200_000));
      assertThat(pull("a/b:1").id()).isEqualTo(pushed.id);
      assertThat(fixture.events.stream().mapToLong(PullProgress.Event::received).filter(n -> n > 0))
          .allMatch(received -> received >= 200_000);
    }

    @Test
    void resolvesATagWithoutTransferringIt() throws Exception {
      TestImage pushed = new TestImage().layer(1, 10).push(registry, "a/b", "1");
      Repository repository =
          fixture.client.repository(
              ImageReference.parse(registry.domain() + "/a/b"), Credentials.NONE);
      assertThat(repository.resolve("1")).contains(pushed.manifest);
    }

    @Test
    void saysWhatIsNotThere() throws Exception {
      new TestImage().layer(1, 10).push(registry, "a/b", "1");
      for (String absent : new String[] {"a/b:2", "no/such:1", "a/b@sha256:" + "0".repeat(64)}) {
        assertThatThrownBy(() -> pull(absent))
            .as(absent)
            .isInstanceOf(HearthException.NotFound.class)
            .hasMessageContaining(registry.domain());
      }
    }
  }
}
