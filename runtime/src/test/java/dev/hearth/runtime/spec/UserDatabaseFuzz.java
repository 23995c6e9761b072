package dev.hearth.runtime.spec;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** Throws text at the parser; -Dfuzz.seconds=600 makes it long. */
class UserDatabaseFuzz {
  private static final String ALPHABET = "rootx:0123456789,\n\r\t #+-:::\n\n/äß\0\uD800";

  @Test
  void survivesAnyText() {
    long end = System.nanoTime() + Long.getLong("fuzz.seconds", 0) * 1_000_000_000L;
    Random random = new Random(1);
    int rounds = 0;
    do {
      String passwd = text(random);
      String group = text(random);
      UserDatabase database = UserDatabase.parse(passwd, group);
      database.user("root").ifPresent(u -> assertThat(u.uid()).isBetween(0L, 0xFFFF_FFFEL));
      assertThat(database.groupsOf("root")).allMatch(gid -> gid >= 0 && gid <= 0xFFFF_FFFEL);
      rounds++;
    } while (rounds < 2000 || System.nanoTime() < end);
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
    UserDatabase database = UserDatabase.parse(line.repeat(400_000) + "late:x:2:2::/:\n", "");
    assertThat(database.user("u")).isPresent();
    assertThat(database.user("late")).isEmpty();
    String longLine = "g:x:3:" + "m,".repeat(600_000) + "me\n";
    assertThat(UserDatabase.parse("", longLine + "h:x:4:me\n").groupsOf("me")).containsExactly(4L);
  }
}
