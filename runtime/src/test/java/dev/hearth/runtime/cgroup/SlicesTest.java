package dev.hearth.runtime.cgroup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.runtime.cgroup.CgroupException.Reason;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SlicesTest {
  private static final String POD =
      "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1_2.slice";

  private static void assertRefused(Reason reason, String text) {
    assertThatThrownBy(() -> Slices.parse(text))
        .isInstanceOfSatisfying(
            CgroupException.class, e -> assertThat(e.reason()).isEqualTo(reason));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "kubepods-burstable-pod1_2.slice",
        "/kubepods-burstable-pod1_2.slice",
        POD,
        "kubepods.slice/kubepods-burstable.slice//kubepods-burstable-pod1_2.slice"
      })
  void findsWhereASliceIs(String text) throws Exception {
    assertThat(Slices.parse(text)).hasToString(POD);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-.slice",
        ".slice",
        "a--b.slice",
        "-a.slice",
        "a-.slice",
        "a\nb.slice",
        "/b.slice/a-b.slice",
        "/a.slice/../a-b.slice"
      })
  void refusesWhatNoSliceIsCalled(String text) {
    assertRefused(Reason.INVALID, text);
    assertRefused(Reason.INVALID, "a".repeat(250) + ".slice");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/kubepods/pod1", "a.scope", "a.slice/b", "system.slice:cri:1"})
  void refusesWhatIsNoSlice(String text) {
    assertRefused(Reason.UNSUPPORTED, text);
  }

  @Test
  void makesASliceOfAConfiguredPath() throws Exception {
    assertThat(Slices.configured("/hearth")).hasToString("/hearth.slice");
    assertThat(Slices.configured("/a-b/c")).hasToString("/a_b.slice/a_b-c.slice");
    assertThat(Slices.configured("/a-b.slice")).hasToString("/a.slice/a-b.slice");
  }

  @Test
  void namesASliceBelowAnother() throws Exception {
    assertThat(Slices.below(Slices.parse("a-b.slice"), "pod"))
        .hasToString("/a.slice/a-b.slice/a-b-pod.slice");
  }
}
