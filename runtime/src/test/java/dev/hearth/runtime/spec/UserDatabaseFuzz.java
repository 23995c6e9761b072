package dev.hearth.runtime.spec;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.linux.testing.FuzzRun;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Throws text at the parser; see {@link FuzzRun}. */
class UserDatabaseFuzz {
  private static final String ALPHABET = "rootx:0123456789,\n\r\t #+-:::\n\n/äß\0\uD800";

  @Test
  void survivesAnyText() {
    FuzzRun.of(
        2000,
        random -> {
          UserDatabase database = UserDatabase.parse(text(random), text(random));
          database.user("root").ifPresent(u -> assertThat(u.uid()).isBetween(0L, 0xFFFF_FFFEL));
          assertThat(database.groupsOf("root", 100))
              .allMatch(gid -> gid >= 0 && gid <= 0xFFFF_FFFEL);
        });
  }

  private static String text(Random random) {
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(200); i > 0; i--) {
      if (random.nextInt(8) == 0) {
        text.append("root:x:0:0:root:/root:/bin/sh\n");
      } else {
        text.append(ALPHABET.charAt(random.nextInt(ALPHABET.length())));
      }
    }
    return text.toString();
  }

  @Test
  void readsOnlySoMuch() {
    String line = "u:x:1:1::/:\n";
    UserDatabase database = UserDatabase.parse(line.repeat(100_000) + "late:x:2:2::/:\n", "");
    assertThat(database.user("u")).isPresent();
    assertThat(database.user("late")).isEmpty();
    String manyMembers = "g:x:3:" + "m,".repeat(400_000) + "me\n";
    assertThat(UserDatabase.parse("", manyMembers + "h:x:4:me\n").groupsOf("me", 9))
        .containsExactly(3L, 4L);
    String manyGroups = "g:x:5:me\n".repeat(100_000);
    assertThat(UserDatabase.parse("", manyGroups).groupsOf("me", 9)).hasSize(9);
  }
}
