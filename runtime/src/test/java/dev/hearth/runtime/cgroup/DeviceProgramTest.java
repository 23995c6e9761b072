package dev.hearth.runtime.cgroup;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.runtime.cgroup.DeviceRule.Kind;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class DeviceProgramTest {
  private static final String[] ACCESS = {"r", "w", "m", "rw", "rm", "wm", "rwm"};

  /** Runs a program as the kernel would; kind 1 is block, 2 character; access 1 m, 2 r, 4 w. */
  private static boolean run(byte[] program, int kind, int access, int major, int minor) {
    ByteBuffer code = ByteBuffer.wrap(program).order(ByteOrder.nativeOrder());
    int[] context = {access << 16 | kind, major, minor};
    long[] r = new long[11];
    for (int at = 0; ; at++) {
      int operation = code.get(at * 8) & 0xFF;
      int to = code.get(at * 8 + 1) & 0xF;
      int from = (code.get(at * 8 + 1) >> 4) & 0xF;
      int offset = code.getShort(at * 8 + 2);
      int number = code.getInt(at * 8 + 4);
      switch (operation) {
        case 0x61 -> r[to] = context[offset / 4] & 0xFFFF_FFFFL;
        case 0xB7 -> r[to] = number;
        case 0xBF -> r[to] = r[from];
        case 0x57 -> r[to] &= number;
        case 0x77 -> r[to] >>>= number;
        case 0x15 -> at += r[to] == number ? offset : 0;
        case 0x55 -> at += r[to] != number ? offset : 0;
        case 0x95 -> {
          return r[0] == 1;
        }
        default -> throw new IllegalStateException("bad instruction " + operation);
      }
    }
  }

  private static boolean means(List<DeviceRule> rules, int kind, int access, int major, int minor) {
    for (DeviceRule rule : rules.reversed()) {
      boolean kinds =
          rule.kind() == Kind.ALL || (rule.kind() == Kind.BLOCK ? kind == 1 : kind == 2);
      boolean numbers =
          (rule.major() == -1 || rule.major() == major)
              && (rule.minor() == -1 || rule.minor() == minor);
      int bits =
          (rule.access().contains("m") ? 1 : 0)
              | (rule.access().contains("r") ? 2 : 0)
              | (rule.access().contains("w") ? 4 : 0);
      boolean touched = rule.allow() ? (access & ~bits) == 0 : (access & bits) != 0;
      if (kinds && numbers && touched) {
        return rule.allow();
      }
    }
    return false;
  }

  @Test
  void meansWhatTheRulesSay() {
    Random random = new Random(3);
    for (int round = 0; round < 500; round++) {
      List<DeviceRule> rules = new ArrayList<>();
      rules.add(new DeviceRule(false, Kind.BLOCK, 99, 99, "rwm"));
      for (int i = random.nextInt(8); i > 0; i--) {
        Kind kind = List.of(Kind.ALL, Kind.BLOCK, Kind.CHARACTER).get(random.nextInt(3));
        String access = ACCESS[random.nextInt(ACCESS.length)];
        rules.add(
            new DeviceRule(
                random.nextInt(3) > 0, kind, random.nextInt(3) - 1, random.nextInt(3) - 1, access));
      }
      byte[] program = DeviceProgram.compile(rules);
      for (int i = 0; i < 50; i++) {
        int kind = 1 + random.nextInt(2);
        int access = 1 + random.nextInt(7);
        int major = random.nextInt(3);
        int minor = random.nextInt(3);
        assertThat(run(program, kind, access, major, minor))
            .as("%s on %d %d:%d %d", rules, kind, major, minor, access)
            .isEqualTo(means(rules, kind, access, major, minor));
      }
    }
  }

  @Test
  void joinsWhatIsAllowedApart() {
    byte[] program =
        DeviceProgram.compile(
            List.of(DeviceRule.allow('c', 1, 3, "r"), DeviceRule.allow('c', 1, 3, "w")));
    assertThat(run(program, 2, 6, 1, 3)).isTrue();
    assertThat(run(program, 2, 7, 1, 3)).isFalse();
    assertThat(run(program, 1, 2, 1, 3)).isFalse();
  }

  @Test
  void endsWithARuleThatAllowsEverything() {
    byte[] program =
        DeviceProgram.compile(List.of(DeviceRule.allow('c', 1, 3, "r"), DeviceRule.ALLOW_ALL));
    assertThat(run(program, 1, 7, 8, 0)).isTrue();
    // Six instructions that look at the question, two that answer: the rest would be dead code.
    assertThat(program).hasSize(8 * 8);
  }
}
