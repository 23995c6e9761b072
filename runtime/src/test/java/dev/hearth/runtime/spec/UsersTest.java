package dev.hearth.runtime.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.model.ProcessUser;
import dev.hearth.runtime.model.SecurityContext.GroupsPolicy;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class UsersTest {
  private static final UserDatabase DATABASE =
      UserDatabase.parse(
          """
          root:x:0:0:root:/root:/bin/sh
          web:x:33:34:web:/var/www:/usr/sbin/nologin
          1000:x:7:7:a name that is a number:/seven:
          app:x:1000:1001::/home/app:/bin/sh
          relative:x:5:5::home:
          """,
          """
          root:x:0:
          adm:x:4:app,web
          audio:x:29:app
          staff:x:50:root
          """);

  private final Requests request = new Requests();

  private ProcessUser resolve(String imageUser) {
    return Users.resolve(request.security(), imageUser, DATABASE);
  }

  @ParameterizedTest
  @CsvSource({
    "'', 0, 0, /root",
    "web, 33, 34, /var/www",
    "1000, 1000, 1001, /home/app",
    "4242, 4242, 0, /",
    "web:adm, 33, 4, /var/www",
    "web:77, 33, 77, /var/www",
    "1000:29, 1000, 29, /home/app",
    "4242:staff, 4242, 50, /",
    "web:, 33, 34, /var/www",
    ":29, 0, 29, /root",
    "relative, 5, 5, /",
    "4294967294, 4294967294, 0, /"
  })
  void understandsEveryFormOfAnImagesUser(String user, long uid, long gid, String home) {
    ProcessUser found = resolve(user);
    assertThat(found.uid()).isEqualTo(uid);
    assertThat(found.gid()).isEqualTo(gid);
    assertThat(found.home()).isEqualTo(home);
    assertThat(found.groups()).startsWith(gid);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"nobody", "web:nobody", "4294967295", "-1", "0x10", "99999999999999", "a b"})
  void refusesNamesTheImageDoesNotKnow(String user) {
    assertThatThrownBy(() -> resolve(user))
        .isInstanceOf(HearthException.InvalidRequest.class)
        .hasMessageContaining("is not in the image's /etc/");
  }

  @Test
  void prefersTheRequestsNameThenItsIdThenTheImage() {
    request.runAsUser = Optional.of(1000L);
    assertThat(resolve("web:audio"))
        .isEqualTo(new ProcessUser(1000, 1001, List.of(1001L, 4L, 29L), "/home/app"));
    request.runAsUsername = "web";
    assertThat(resolve("app").uid()).isEqualTo(33);
    request.runAsGroup = Optional.of(9L);
    assertThat(resolve("app").gid()).isEqualTo(9);
  }

  @Test
  void mergesTheImagesGroupsUnlessToldOtherwise() {
    request.runAsUser = Optional.of(1000L);
    request.supplementalGroups = List.of(500L, 4L);
    assertThat(resolve("").groups()).containsExactly(1001L, 4L, 29L, 500L);
    request.groupsPolicy = GroupsPolicy.STRICT;
    assertThat(resolve("").groups()).containsExactly(1001L, 500L, 4L);
  }

  @Test
  void ignoresTheImagesUserEvenIfUnknownWhenTheRequestDecides() {
    request.runAsUser = Optional.of(12L);
    assertThat(resolve("nobody:nogroup").uid()).isEqualTo(12);
  }
}
