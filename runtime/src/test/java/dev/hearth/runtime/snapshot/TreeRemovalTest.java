package dev.hearth.runtime.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TreeRemovalTest {
  @TempDir Path temp;
  private Path tree;
  private Path outside;

  @BeforeEach
  void make() throws IOException {
    tree = Files.createDirectory(temp.resolve("tree"));
    outside = Files.createDirectory(temp.resolve("outside"));
    Files.writeString(outside.resolve("kept"), "kept");
  }

  @Test
  void removesEverythingAndFollowsNothing() throws IOException {
    Files.createDirectories(tree.resolve("a/b/c"));
    Files.writeString(tree.resolve("a/b/c/f"), "x");
    Files.createSymbolicLink(tree.resolve("a/to-folder"), outside);
    Files.createSymbolicLink(tree.resolve("a/b/to-file"), outside.resolve("kept"));
    Files.createSymbolicLink(tree.resolve("dangling"), Path.of("/nowhere"));
    TreeRemoval.remove(tree);
    assertThat(tree).doesNotExist();
    assertThat(outside.resolve("kept")).hasContent("kept");
  }

  @Test
  void refusesARootThatIsALink() throws IOException {
    Files.delete(tree);
    Files.createSymbolicLink(tree, outside);
    assertThatThrownBy(() -> TreeRemoval.remove(tree)).isInstanceOf(IOException.class);
    assertThat(outside.resolve("kept")).exists();
  }

  @Test
  void removesTreesDeeperThanThereAreDescriptors() throws Exception {
    LayersContract.run(
        tree,
        """
        for i in 1 2 3 4 5; do
          p=$(printf 'deep/%.0s' $(seq 300)); mkdir -p "$p"; touch "${p}f"
          mkdir "top$i"; mv deep "top$i/deep"; mv "top$i" deep
        done
        """);
    TreeRemoval.remove(tree);
    assertThat(tree).doesNotExist();
  }

  @Test
  void stopsAfterSoManyEntriesAndGoesOnLater() throws IOException {
    for (int i = 0; i < 50; i++) {
      Files.createDirectories(tree.resolve("d" + i % 5 + "/e" + i));
    }
    assertThat(TreeRemoval.remove(tree, 10)).isFalse();
    assertThat(tree).exists();
    assertThat(TreeRemoval.remove(tree, 1000)).isTrue();
    assertThat(tree).doesNotExist();
    assertThat(TreeRemoval.remove(tree, 1)).isTrue();
  }

  @Test
  void removesNamesThatAreNoText() throws Exception {
    LayersContract.run(
        tree, "mkdir \"$(printf 'a\\377b')\"; touch \"$(printf 'a\\377b/\\300\\n')x\"");
    TreeRemoval.remove(tree);
    assertThat(tree).doesNotExist();
  }
}
