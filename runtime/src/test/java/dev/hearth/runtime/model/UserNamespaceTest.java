package dev.hearth.runtime.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class UserNamespaceTest {
  private static final IdMapping ROOT = new IdMapping(100_000, 0, 1000);
  private static final IdMapping REST = new IdMapping(300_000, 1000, 1000);

  private static UserNamespace of(IdMapping... mappings) {
    return new UserNamespace(List.of(mappings), List.of(ROOT));
  }

  @Test
  void idsAreFoundInTheirRange() {
    UserNamespace users = of(REST, ROOT);
    assertThat(users.hostUid(0)).hasValue(100_000);
    assertThat(users.hostUid(999)).hasValue(100_999);
    assertThat(users.hostUid(1000)).hasValue(300_000);
    assertThat(users.hostUid(2000)).isEmpty();
    assertThat(users.hostGid(1000)).isEmpty();
  }

  @Test
  void rootMustBeSomebody() {
    assertThatThrownBy(() -> of(REST))
        .isInstanceOf(HearthException.InvalidRequest.class)
        .hasMessageContaining("must map uid 0");
    assertThatThrownBy(() -> new UserNamespace(List.of(), List.of()))
        .isInstanceOf(HearthException.InvalidRequest.class);
  }

  @Test
  void noIdIsMappedTwice() {
    assertThatThrownBy(() -> of(ROOT, new IdMapping(200_000, 999, 10)))
        .isInstanceOf(HearthException.InvalidRequest.class)
        .hasMessageContaining("twice");
    assertThatThrownBy(() -> of(ROOT, new IdMapping(100_999, 5000, 10)))
        .isInstanceOf(HearthException.InvalidRequest.class)
        .hasMessageContaining("twice");
    assertThat(of(ROOT, new IdMapping(101_000, 1000, 10)).hostUid(1009)).hasValue(101_009);
  }

  @Test
  void rangesEndBeforeTheIdThatIsNone() {
    assertThat(new IdMapping(0, 0, 0xFFFF_FFFFL).length()).isEqualTo(0xFFFF_FFFFL);
    assertThatThrownBy(() -> new IdMapping(1, 0, 0xFFFF_FFFFL))
        .isInstanceOf(HearthException.InvalidRequest.class);
  }

  @Test
  void theNodesProcessesAreNotForAPodWithUsersOfItsOwn() {
    assertThatThrownBy(() ->
            new NamespaceOptions(
                NamespaceMode.POD,
                NamespaceMode.NODE,
                NamespaceMode.POD,
                "",
                Optional.of(of(ROOT))))
        .isInstanceOf(HearthException.InvalidRequest.class);
  }
}
