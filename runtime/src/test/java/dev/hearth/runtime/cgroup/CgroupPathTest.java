package dev.hearth.runtime.cgroup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.runtime.cgroup.CgroupException.Reason;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CgroupPathTest {
  @ParameterizedTest
  @CsvSource({
    "/kubepods/besteffort/pod1, /kubepods/besteffort/pod1",
    "kubepods//burstable/pod2/, /kubepods/burstable/pod2",
    "/, /",
    "a, /a"
  })
  void forgivesSlashes(String text, String path) throws Exception {
    assertThat(CgroupPath.parse(text)).hasToString(path);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/a/../b", "..", "/a/./b", "/a\nb", "/a\0b", "/\u007f"})
  void refusesWhatLeadsElsewhere(String text) {
    assertThatThrownBy(() -> CgroupPath.parse(text))
        .isInstanceOfSatisfying(
            CgroupException.class, e -> assertThat(e.reason()).isEqualTo(Reason.INVALID));
  }

  @Test
  void refusesNamesLongerThanAFileNameMayBe() {
    assertThatThrownBy(() -> CgroupPath.parse("/" + "ä".repeat(128)))
        .isInstanceOf(CgroupException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"kubepods-besteffort.slice", "system.slice:hearth:id"})
  void explainsASystemdParent(String text) {
    assertThatThrownBy(() -> CgroupPath.parse(text))
        .isInstanceOfSatisfying(
            CgroupException.class,
            e -> {
              assertThat(e.reason()).isEqualTo(Reason.UNSUPPORTED);
              assertThat(e).hasMessageContaining("cgroupDriver to cgroupfs");
            });
  }

  @Test
  void walksUpAndDown() {
    CgroupPath path = new CgroupPath("/a").child("b");
    assertThat(path).hasToString("/a/b");
    assertThat(path.name()).isEqualTo("b");
    assertThat(path.parent().parent()).isEqualTo(CgroupPath.ROOT);
    assertThat(CgroupPath.ROOT.parent()).isEqualTo(CgroupPath.ROOT);
    assertThat(CgroupPath.ROOT.child("x")).hasToString("/x");
  }
}
