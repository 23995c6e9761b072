package dev.hearth.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import dev.hearth.proto.cri.v1.Container;
import dev.hearth.proto.cri.v1.PodSandbox;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LookupTest {
  private final List<PodSandbox> pods =
      List.of(
          FakeDaemon.pod("aa11", "web", 0),
          FakeDaemon.pod("aa22", "web", 1),
          FakeDaemon.pod("bb33", "db", 0),
          FakeDaemon.pod("bb3", "cache", 0));
  private final List<Container> containers =
      List.of(
          FakeDaemon.container("c1", "aa22", "main", 0),
          FakeDaemon.container("c2", "aa22", "main", 1),
          FakeDaemon.container("d1", "bb33", "c1", 0));

  private List<String> pods(String wanted) {
    return Lookup.pods(pods, wanted).stream().map(Found::id).toList();
  }

  private List<String> containers(String wanted) {
    return Lookup.containers(containers, wanted).stream().map(Found::id).toList();
  }

  @Test
  void wholeIdWinsOverLongerOnesThatBeginWithIt() {
    assertThat(pods("bb3")).containsExactly("bb3");
  }

  @Test
  void beginningOfSeveralIdsMeansThemAll() {
    assertThat(pods("aa")).containsExactly("aa11", "aa22");
    assertThat(pods("aa1")).containsExactly("aa11");
  }

  @Test
  void nameMeansTheLatestAttempt() {
    assertThat(pods("web")).containsExactly("aa22");
    assertThat(pods("default/web")).containsExactly("aa22");
    assertThat(pods("other/web")).isEmpty();
    assertThat(containers("main")).containsExactly("c2");
  }

  @Test
  void wholeIdWinsOverAName() {
    assertThat(containers("c1")).containsExactly("c1");
  }

  @Test
  void nameThatIsAlsoTheBeginningOfAnIdIsAmbiguous() {
    var more = new ArrayList<>(containers);
    more.add(FakeDaemon.container("mainx", "bb33", "side", 0));
    assertThat(Lookup.containers(more, "main")).hasSize(2);
  }

  @Test
  void sameNameInTwoPodsIsAmbiguous() {
    var more = new ArrayList<>(containers);
    more.add(FakeDaemon.container("e1", "bb33", "main", 0));
    assertThat(Lookup.containers(more, "main")).extracting(Found::id).containsExactly("c2", "e1");
  }

  @Test
  void nothingBeginsWithNothing() {
    assertThat(pods("")).isEmpty();
    assertThat(containers("")).isEmpty();
    assertThat(Lookup.images(List.of(FakeDaemon.image("ab", 1)), "")).isEmpty();
    assertThat(Lookup.images(List.of(FakeDaemon.image("ab", 1)), "sha256:")).isEmpty();
  }

  @Test
  void imageIsFoundWithAndWithoutTheAlgorithm() {
    var images = List.of(FakeDaemon.image("ab12", 1, "docker.io/library/x:1"));
    for (String wanted :
        List.of("ab12", "ab", "sha256:ab", "sha256:ab12", "docker.io/library/x:1")) {
      assertThat(Lookup.images(images, wanted)).as(wanted).hasSize(1);
    }
    assertThat(Lookup.images(images, "x:1")).isEmpty();
  }

  @Test
  void candidatesAreNamedAndTheirNumberIsBounded() {
    var many = new ArrayList<Container>();
    for (int i = 0; i < 20; i++) {
      many.add(FakeDaemon.container("f" + (char) ('a' + i), "bb33", "n" + i, 0));
    }
    assertThatThrownBy(() -> Lookup.only("container", "f", Lookup.containers(many, "f")))
        .asInstanceOf(type(CommandFailure.class))
        .satisfies(failure -> {
          assertThat(failure.exitCode()).isEqualTo(ExitCode.USAGE);
          assertThat(failure)
              .hasMessageContaining("container fa (n0 in pod bb33), container fb")
              .hasMessageContaining("and 15 more")
              .hasMessageContaining("give more of the id");
        });
  }
}
