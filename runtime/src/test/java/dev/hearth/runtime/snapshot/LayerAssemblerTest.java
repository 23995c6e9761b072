package dev.hearth.runtime.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.runtime.snapshot.LayerException.Reason;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What archives may ask for, and what becomes of those that ask for more. */
final class LayerAssemblerTest {
  private static final LayerLimits SMALL =
      new LayerLimits(100, 1 << 20, 10_000, 300, 10, 1000, 100_000);

  @TempDir Path temp;

  private void refuses(TarBytes tar, Reason reason, String message) {
    refuses(tar, LayerLimits.DEFAULT, reason, message);
  }

  private void refuses(TarBytes tar, LayerLimits limits, Reason reason, String message) {
    byte[] archive = tar.end();
    assertThatThrownBy(() -> Archives.tree(temp, archive, limits))
        .isInstanceOfSatisfying(LayerException.class, e -> assertThat(e.reason()).isEqualTo(reason))
        .hasMessageContaining(message);
  }

  @Test
  void normalisesPaths() throws Exception {
    byte[] archive =
        new TarBytes()
            .dir("./")
            .dir("/abs/")
            .file("//a///b/./c", "")
            .file("a/x/../y", "")
            .file("a/b/../../z", "")
            .dir(".")
            .end();
    assertThat(Archives.tree(temp, archive))
        .containsExactly("a/", "a/b/", "a/b/c", "a/y", "abs/", "z");
  }

  @Test
  void refusesToLeaveTheRoot() {
    refuses(new TarBytes().file("../x", ""), Reason.UNSAFE, "leads out of the layer");
    refuses(new TarBytes().file("a/../../x", ""), Reason.UNSAFE, "leads out of the layer");
    refuses(new TarBytes().file("/..", ""), Reason.UNSAFE, "leads out of the layer");
    refuses(new TarBytes().hardLink("x", "../../etc/passwd"), Reason.UNSAFE, "leads out");
    refuses(new TarBytes().file("", ""), Reason.MALFORMED, "is empty");
    refuses(new TarBytes().file(".", "x"), Reason.UNSAFE, "root");
    refuses(new TarBytes().symlink("/", "/etc"), Reason.UNSAFE, "root");
    refuses(
        new TarBytes().pax("path", new byte[] {'a', 0, 'b'}).file("x", ""), Reason.UNSAFE, "NUL");
    refuses(
        new TarBytes().pax("linkpath", new byte[] {'a', 0}).symlink("x", "y"),
        Reason.UNSAFE,
        "NUL");
    refuses(new TarBytes().symlink("x", ""), Reason.MALFORMED, "to nothing");
  }

  @Test
  void followsLinksWithinTheLayerAndNowhereElse() throws Exception {
    byte[] archive =
        new TarBytes()
            .dir("usr/lib")
            .symlink("lib", "usr/lib")
            .symlink("abs", "/usr/./lib/")
            .symlink("up", "../../../../usr")
            .symlink("etc", "/outside/etc")
            .file("lib/a", "")
            .file("abs/b", "")
            .file("up/lib/c", "")
            .file("etc/passwd", "")
            .file("lib/.wh.d", "")
            .hardLink("abs/e", "lib/a")
            .end();
    assertThat(Archives.tree(temp, archive))
        .containsExactly(
            "abs -> /usr/./lib/",
            "etc -> /outside/etc",
            "lib -> usr/lib",
            "outside/",
            "outside/etc/",
            "outside/etc/passwd",
            "up -> ../../../../usr",
            "usr/",
            "usr/lib/",
            "usr/lib/a",
            "usr/lib/b",
            "usr/lib/c",
            "usr/lib/d whiteout",
            "usr/lib/e");
  }

  @Test
  void replacesALinkRatherThanWritingThroughIt() throws Exception {
    byte[] archive =
        new TarBytes()
            .symlink("l", "/etc/passwd")
            .file("l", "mine")
            .symlink("d", "/")
            .dir("d")
            .end();
    assertThat(Archives.tree(temp, archive)).containsExactly("d/", "l");
  }

  @Test
  void refusesLinksInCircles() {
    refuses(
        new TarBytes().symlink("a", "b").symlink("b", "a").file("a/x", ""),
        Reason.UNSAFE,
        "too many symbolic links");
    refuses(
        new TarBytes().symlink("a", "a/a").file("a/x", ""),
        Reason.UNSAFE,
        "too many symbolic links");
  }

  @Test
  void boundsTheWorkOfLongWaysThroughLinks() {
    var tar = new TarBytes().dir("d");
    String down = "d/../".repeat(50);
    for (int i = 0; i < 20; i++) {
      tar.symlink("l" + i, down + (i == 0 ? "d" : "l" + (i - 1) + "/../l" + (i - 1)));
    }
    refuses(tar.file("l19/x", ""), SMALL, Reason.UNSAFE, "too many");
  }

  @Test
  void refusesEntriesBelowWhatIsNoDirectory() {
    refuses(new TarBytes().file("f", "").file("f/x", ""), Reason.UNSAFE, "below f");
    refuses(new TarBytes().fifo("f").dir("f/x/y"), Reason.UNSAFE, "below f");
    refuses(
        new TarBytes().file("f", "").symlink("l", "f").file("l/x", ""), Reason.UNSAFE, "below f");
  }

  @Test
  void linksOnlyToWhatCameBefore() throws Exception {
    refuses(new TarBytes().hardLink("a", "b").file("b", ""), Reason.UNSAFE, "not in this layer");
    refuses(new TarBytes().hardLink("a", "/etc/passwd"), Reason.UNSAFE, "not in this layer");
    refuses(new TarBytes().hardLink("a", "."), Reason.UNSAFE, "not in this layer");
    refuses(new TarBytes().dir("d").hardLink("a", "d"), Reason.UNSAFE, "the directory d");
    refuses(
        new TarBytes().file(".wh.b", "").hardLink("a", "b"), Reason.UNSAFE, "not in this layer");
    byte[] archive =
        new TarBytes()
            .file("f", "old")
            .hardLink("g", "/f")
            .hardLink("f", "f")
            .symlink("s", "nowhere")
            .hardLink("t", "s")
            .file("f", "new")
            .end();
    assertThat(Archives.tree(temp, archive))
        .containsExactly("f", "g", "s -> nowhere", "t -> nowhere");
  }

  @Test
  void hidesLowerLayersWhateverTheOrder() throws Exception {
    byte[] before =
        new TarBytes()
            .file(".wh.gone", "")
            .file(".wh.d", "")
            .file(".wh.f", "")
            .file("o/.wh..wh..opq", "")
            .dir("d")
            .file("d/x", "")
            .file("f", "")
            .file("o/y", "")
            .end();
    byte[] after =
        new TarBytes()
            .dir("d")
            .file("d/x", "")
            .file("f", "")
            .file("o/y", "")
            .file("o/.wh..wh..opq", "")
            .file(".wh.gone", "")
            .file(".wh.f", "")
            .file(".wh.d", "")
            .end();
    assertThat(Archives.tree(temp, before))
        .containsExactly("d/ opaque", "d/x", "f", "gone whiteout", "o/ opaque", "o/y")
        .isEqualTo(Archives.tree(temp, after));
  }

  @Test
  void passesOverWhatIsOnlyOfAufs() throws Exception {
    byte[] archive =
        new TarBytes()
            .dir(".wh..wh.plnk")
            .file(".wh..wh.plnk/1.2", "x")
            .file(".wh..wh.aufs", "")
            .file("f", "")
            .end();
    assertThat(Archives.tree(temp, archive)).containsExactly("f");
  }

  @Test
  void refusesWhiteoutsOfWhatIsNoName() {
    refuses(new TarBytes().file("a/.wh.", ""), Reason.UNSAFE, "whiteout");
    refuses(new TarBytes().file("a/.wh..", ""), Reason.UNSAFE, "whiteout");
    refuses(new TarBytes().file("a/.wh...", ""), Reason.UNSAFE, "whiteout");
    refuses(new TarBytes().file(".wh.a/b", ""), Reason.MALFORMED, "below a whiteout");
  }

  @Test
  void dropsAttributesThatSteerOverlayfs() {
    byte[] kept =
        XattrBlock.encode(
            java.util.List.of(
                xattr("trusted.overlay.redirect"),
                xattr("user.overlay.opaque"),
                xattr("system.nfs4_acl"),
                xattr("user."),
                xattr("user.fine"),
                xattr("system.posix_acl_access")),
            true);
    assertThat(XattrBlock.decode(kept))
        .extracting(x -> x.name().text())
        .containsExactly("user.fine", "system.posix_acl_access");
  }

  private static LayerEntry.Xattr xattr(String name) {
    return new LayerEntry.Xattr(RawBytes.of(name), RawBytes.of("value"));
  }

  @Test
  void boundsTheNumberOfEntries() {
    var many = new TarBytes();
    var deep = new TarBytes();
    for (int i = 0; i < 101; i++) {
      many.file("same", "");
      deep.file("a" + i + "/b/c", "");
    }
    refuses(many, SMALL, Reason.LIMIT, "more than 100 entries");
    refuses(deep, SMALL, Reason.LIMIT, "more than 100 entries");
  }

  @Test
  void boundsContentEvenWhereItIsAllHoles() {
    refuses(
        new TarBytes()
            .pax("GNU.sparse.size", "999999999999999", "GNU.sparse.map", "0,0")
            .file("f", ""),
        SMALL,
        Reason.LIMIT,
        "more than 10000 bytes");
    refuses(
        new TarBytes().file("f", "x".repeat(6000)).file("f", "x".repeat(6000)),
        SMALL,
        Reason.LIMIT,
        "more than 10000 bytes");
  }

  @Test
  void boundsNamesPathsAndDepth() {
    refuses(new TarBytes().pax("path", "n".repeat(256)).file("x", ""), Reason.LIMIT, "255 bytes");
    refuses(
        new TarBytes().pax("path", "a/".repeat(151)).file("x", ""),
        SMALL,
        Reason.LIMIT,
        "longer than 300 bytes");
    refuses(
        new TarBytes().pax("linkpath", "a".repeat(301)).symlink("x", "y"),
        SMALL,
        Reason.LIMIT,
        "longer than 300 bytes");
    refuses(new TarBytes().dir("a/".repeat(11)), SMALL, Reason.LIMIT, "deeper than 10");
    refuses(new TarBytes().file("x/".repeat(11) + "f", ""), SMALL, Reason.LIMIT, "deeper than 10");
  }

  @Test
  void boundsAttributes() {
    refuses(
        new TarBytes().pax("SCHILY.xattr.user.x", new byte[985]).file("f", ""),
        SMALL,
        Reason.LIMIT,
        "more than 1000 bytes");
    refuses(
        new TarBytes().pax("SCHILY.xattr.user.x", new byte[65536]).dir("f"),
        Reason.LIMIT,
        "exceeds 65535");
    refuses(
        new TarBytes().pax("SCHILY.xattr." + "x".repeat(256), "v").dir("f"),
        Reason.MALFORMED,
        "no name");
  }
}
