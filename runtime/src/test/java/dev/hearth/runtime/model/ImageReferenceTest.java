package dev.hearth.runtime.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImageReferenceTest {
  private static final String HEX = "0123456789abcdef".repeat(4);

  @ParameterizedTest
  @CsvSource({
    "busybox, docker.io/library/busybox:latest",
    "busybox:1.36, docker.io/library/busybox:1.36",
    "library/busybox, docker.io/library/busybox:latest",
    "docker.io/busybox, docker.io/library/busybox:latest",
    "index.docker.io/busybox, docker.io/library/busybox:latest",
    "foo/bar, docker.io/foo/bar:latest",
    "foo/bar/baz:v1, docker.io/foo/bar/baz:v1",
    "localhost/foo, localhost/foo:latest",
    "localhost:5000/foo, localhost:5000/foo:latest",
    "127.0.0.1:5000/a/b:c, 127.0.0.1:5000/a/b:c",
    "[::1]:5000/a, '[::1]:5000/a:latest'",
    "[fe80::1]/a, '[fe80::1]/a:latest'",
    "registry.k8s.io/pause:3.9, registry.k8s.io/pause:3.9",
    "Registry/foo, Registry/foo:latest",
    "host:80/foo, host:80/foo:latest",
    "a__b/c--d.e_f, docker.io/a__b/c--d.e_f:latest",
    "sha256:abcd, docker.io/library/sha256:abcd",
  })
  void completesWhatPeopleWrite(String written, String full) {
    assertThat(ImageReference.parse(written)).hasToString(full);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "Foo",
        "foo/Bar",
        "foo//bar",
        "/foo",
        "foo/",
        "foo:",
        "foo:-tag",
        "foo@",
        "foo@sha256:abc",
        "foo@md5:0123456789abcdef0123456789abcdef",
        "foo:tag:tag",
        "foo..bar",
        "foo___bar",
        "foo._bar",
        "-foo",
        "foo-",
        "foo.com:99999/a",
        "foo.com:/a",
        "foo.com:x/a",
        "-foo.com/a",
        "foo..com/a",
        "[::1/a",
        "[gg::]/a",
        "https://foo.com/bar",
        "foo bar",
        "foo\nbar",
        "foo/../bar",
        "foo/.",
        "foo/bär",
      })
  void refusesWhatIsNoReference(String written) {
    assertThatThrownBy(() -> ImageReference.parse(written))
        .isInstanceOf(HearthException.InvalidRequest.class)
        .hasMessageContaining("image reference");
  }

  @Test
  void refusesABareImageId() {
    assertThatThrownBy(() -> ImageReference.parse(HEX)).hasMessageContaining("image id");
  }

  @Test
  void keepsTagAndDigestAndLetsTheDigestDecide() {
    ImageReference both = ImageReference.parse("foo.com/bar:v1@sha256:" + HEX);
    assertThat(both).hasToString("foo.com/bar:v1@sha256:" + HEX);
    assertThat(both.tag()).contains("v1");
    assertThat(both.digest()).contains(Digest.sha256(HEX));
    assertThat(both.canonical()).hasToString("foo.com/bar@sha256:" + HEX);
    assertThat(both.canonical()).isEqualTo(ImageReference.parse("foo.com/bar@sha256:" + HEX));
  }

  @Test
  void addsNoTagToADigest() {
    assertThat(ImageReference.parse("foo@sha256:" + HEX).tag()).isEmpty();
  }

  @Test
  void keepsTheBoundsOfPathAndTag() {
    assertThat(ImageReference.parse("foo.com/" + "a".repeat(255)).path()).hasSize(255);
    assertThatThrownBy(() -> ImageReference.parse("foo.com/" + "a".repeat(256)))
        .hasMessageContaining("255");
    assertThat(ImageReference.parse("foo:" + "t".repeat(128)).tag()).contains("t".repeat(128));
    assertThatThrownBy(() -> ImageReference.parse("foo:" + "t".repeat(129)))
        .hasMessageContaining("tag");
    assertThatThrownBy(() -> ImageReference.parse("a".repeat(5000)))
        .hasMessageContaining("5000 characters")
        .hasMessageNotContaining("a".repeat(100));
  }
}
