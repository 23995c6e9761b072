package dev.hearth.runtime.spec.seccomp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.runtime.spec.seccomp.Condition.Operator;
import dev.hearth.runtime.spec.seccomp.SeccompProfile.Rule;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SeccompCompilerTest {
  private static final Syscalls SYSCALLS = Syscalls.load();
  private static final SeccompCompiler COMPILER = new SeccompCompiler(SYSCALLS);
  private static final int ALLOW = 0x7FFF_0000;
  private static final int EPERM = 0x0005_0001;
  private static final int ENOSYS = 0x0005_0026;
  private static final int KILL = 0x8000_0000;

  private static BpfMachine machine(SeccompProfile profile, Abi own) {
    return new BpfMachine(COMPILER.compile(profile, own));
  }

  private static SeccompProfile defaults(String... capabilities) {
    return new RuntimeDefault(SYSCALLS).profile(Set.of(capabilities));
  }

  private static int call(BpfMachine machine, Abi abi, String name, long... arguments) {
    int bit = abi == Abi.X32 ? Abi.X32_BIT : 0;
    int number = SYSCALLS.number(abi, name).orElseThrow();
    return machine.run(abi.auditArch(), number | bit, arguments);
  }

  /** What a profile means, straight from its definition. */
  private static Action meaning(SeccompProfile profile, Abi abi, int number, long[] arguments) {
    int highest = 0;
    List<Rule> rules = new ArrayList<>();
    for (Rule rule : profile.rules()) {
      for (String name : rule.names()) {
        for (int n : numbers(abi, name)) {
          highest = n < 0xF_0000 ? Math.max(highest, n) : highest;
          if (n == number && !rules.contains(rule)) {
            rules.add(rule);
          }
        }
      }
    }
    for (boolean conditional : new boolean[] {true, false}) {
      for (Rule rule : rules) {
        boolean applies = rule.conditions().stream().allMatch(c -> holds(c, arguments));
        if (applies && rule.conditions().isEmpty() != conditional) {
          return rule.action();
        }
      }
    }
    boolean beyond = number > highest && (number < 0xF_0000 || abi != Abi.ARM);
    return beyond && profile.fallback().isErrno()
        ? Action.errno(Action.ENOSYS)
        : profile.fallback();
  }

  /** x86_64 and x32 share their numbers, and a filter of one holds for the other. */
  private static Set<Integer> numbers(Abi abi, String name) {
    Set<Integer> numbers = new TreeSet<>();
    boolean both = abi == Abi.X86_64 || abi == Abi.X32;
    for (Abi each : both ? List.of(Abi.X86_64, Abi.X32) : List.of(abi)) {
      SYSCALLS.number(each, name).ifPresent(numbers::add);
    }
    return numbers;
  }

  private static boolean holds(Condition c, long[] arguments) {
    long argument = arguments[c.index()];
    int order = Long.compareUnsigned(argument, c.value());
    return switch (c.operator()) {
      case EQUAL -> order == 0;
      case NOT_EQUAL -> order != 0;
      case LESS -> order < 0;
      case LESS_OR_EQUAL -> order <= 0;
      case GREATER -> order > 0;
      case GREATER_OR_EQUAL -> order >= 0;
      case MASKED_EQUAL -> (argument & c.value()) == c.second();
    };
  }

  private static long pick(Random random) {
    long[] edges = {0, 1, 40, 0xFFFF_FFFFL, 0x1_0000_0000L, 0x1_0000_0001L, -1, 0x7E02_0000L};
    return random.nextBoolean() ? edges[random.nextInt(edges.length)] : random.nextInt(4);
  }

  private static SeccompProfile anyProfile(Random random) {
    List<String> names = new ArrayList<>(new TreeSet<>(SYSCALLS.names(Abi.X86_64)));
    List<Action> actions =
        List.of(Action.ALLOW, Action.errno(1), Action.errno(13), Action.LOG, Action.KILL_THREAD);
    List<Operator> operators = List.of(Operator.values());
    List<Rule> rules = new ArrayList<>();
    for (int i = random.nextInt(12); i >= 0; i--) {
      List<String> some = new ArrayList<>();
      for (int n = random.nextInt(12); n >= 0; n--) {
        some.add(names.get(random.nextInt(names.size())));
      }
      List<Condition> conditions = new ArrayList<>();
      for (int n = random.nextInt(4); n > 0; n--) {
        Operator operator = operators.get(random.nextInt(operators.size()));
        conditions.add(new Condition(random.nextInt(6), operator, pick(random), pick(random)));
      }
      rules.add(new Rule(some, actions.get(random.nextInt(actions.size())), conditions));
    }
    Action fallback = actions.get(random.nextInt(actions.size()));
    return new SeccompProfile(fallback, EnumSet.allOf(Abi.class), rules, 0);
  }

  @Test
  void meansWhatTheProfileSays() {
    Random random = new Random(7);
    for (int i = 0; i < 150; i++) {
      SeccompProfile profile = anyProfile(random);
      for (Abi own : List.of(Abi.X86_64, Abi.AARCH64)) {
        BpfMachine machine = machine(profile, own);
        List<Abi> all = new ArrayList<>(own.guests());
        all.add(own);
        for (Abi abi : all) {
          checkSome(profile, machine, abi, random);
        }
      }
    }
  }

  private static void checkSome(
      SeccompProfile profile, BpfMachine machine, Abi abi, Random random) {
    int bit = abi == Abi.X32 ? Abi.X32_BIT : 0;
    for (int n = 0; n < 40; n++) {
      int number = random.nextInt(600);
      long[] arguments = new long[6];
      for (int a = 0; a < arguments.length; a++) {
        arguments[a] = pick(random);
      }
      assertThat(machine.run(abi.auditArch(), number | bit, arguments))
          .as("%s %d of %s", abi, number, profile)
          .isEqualTo(meaning(profile, abi, number, arguments).value());
    }
  }

  @Test
  void meansWhatTheDefaultSaysForEveryCall() {
    SeccompProfile profile = defaults("CHOWN", "SYS_CHROOT");
    for (Abi own : List.of(Abi.X86_64, Abi.AARCH64)) {
      BpfMachine machine = machine(profile, own);
      List<Abi> all = new ArrayList<>(own.guests());
      all.add(own);
      for (Abi abi : all) {
        int bit = abi == Abi.X32 ? Abi.X32_BIT : 0;
        for (int number = 0; number < 1000; number++) {
          for (long first : new long[] {0, 8, 40, 0x1000_0000, 0xFFFF_FFFFL}) {
            long[] arguments = {first, 0, 0, 0, 0, 0};
            assertThat(machine.run(abi.auditArch(), number | bit, arguments))
                .isEqualTo(meaning(profile, abi, number, arguments).value());
          }
        }
      }
    }
  }

  @Test
  void killsWhatSpeaksAnotherAbi() {
    SeccompProfile profile =
        new SeccompProfile(
            Action.errno(1),
            Set.of(),
            List.of(new Rule(List.of("read"), Action.ALLOW, List.of())),
            0);
    BpfMachine machine = machine(profile, Abi.X86_64);
    assertThat(call(machine, Abi.X86_64, "read")).isEqualTo(ALLOW);
    assertThat(call(machine, Abi.X86, "read")).isEqualTo(KILL);
    assertThat(call(machine, Abi.X32, "read")).isEqualTo(KILL);
    assertThat(call(machine, Abi.AARCH64, "read")).isEqualTo(KILL);
    assertThat(machine.run(Abi.X86_64.auditArch(), -1)).isEqualTo(KILL);
  }

  @ParameterizedTest
  @EnumSource(names = {"X86_64", "X86", "X32"})
  void knowsTheDefaultsDoors(Abi abi) {
    BpfMachine machine = machine(defaults("CHOWN", "MKNOD"), Abi.X86_64);
    assertThat(call(machine, abi, "openat", 0, 0, 0, 0, 0, 0)).isEqualTo(ALLOW);
    assertThat(call(machine, abi, "mount")).isEqualTo(EPERM);
    assertThat(call(machine, abi, "bpf")).isEqualTo(EPERM);
    assertThat(call(machine, abi, "io_uring_setup")).isEqualTo(EPERM);
    assertThat(call(machine, abi, "clone3")).isEqualTo(ENOSYS);
    assertThat(call(machine, abi, "clone", 0x11)).isEqualTo(ALLOW);
    assertThat(call(machine, abi, "clone", 0x1000_0011)).isEqualTo(EPERM);
    assertThat(call(machine, abi, "personality", 0xFFFF_FFFFL)).isEqualTo(ALLOW);
    assertThat(call(machine, abi, "personality", 0x4_0000)).isEqualTo(EPERM);
    assertThat(call(machine, abi, "socket", 2)).isEqualTo(ALLOW);
    assertThat(call(machine, abi, "socket", 40)).isEqualTo(EPERM);
    assertThat(call(machine, abi, "ptrace")).isEqualTo(ALLOW);
    assertThat(call(machine, abi, "chroot")).isEqualTo(EPERM);
  }

  @Test
  void opensDoorsWithCapabilities() {
    BpfMachine machine = machine(defaults("SYS_ADMIN", "SYS_CHROOT", "BPF"), Abi.AARCH64);
    for (String name : List.of("mount", "bpf", "chroot", "clone3", "setns", "syslog")) {
      assertThat(call(machine, Abi.AARCH64, name)).as(name).isEqualTo(ALLOW);
    }
    assertThat(call(machine, Abi.AARCH64, "clone", 0x1000_0011)).isEqualTo(ALLOW);
    assertThat(call(machine, Abi.AARCH64, "reboot")).isEqualTo(EPERM);
    assertThat(call(machine(defaults("BPF"), Abi.X86_64), Abi.X86_64, "bpf")).isEqualTo(ALLOW);
  }

  @Test
  void tellsCallersOfNewerCallsThatTheyDoNotExist() {
    BpfMachine machine = machine(defaults(), Abi.X86_64);
    assertThat(machine.run(Abi.X86_64.auditArch(), 999)).isEqualTo(ENOSYS);
    assertThat(machine.run(Abi.X86.auditArch(), 999)).isEqualTo(ENOSYS);
    BpfMachine arm = machine(defaults(), Abi.AARCH64);
    assertThat(arm.run(Abi.ARM.auditArch(), 999)).isEqualTo(ENOSYS);
    assertThat(call(arm, Abi.ARM, "set_tls")).isEqualTo(ALLOW);
  }

  @Test
  void decidesInFewSteps() {
    for (Abi own : List.of(Abi.X86_64, Abi.AARCH64)) {
      BpfMachine machine = machine(defaults(), own);
      assertThat(machine.size()).isLessThan(350);
      int most = 0;
      for (int number = 0; number < 470; number++) {
        machine.run(own.auditArch(), number, 0, 0, 0, 0, 0, 0);
        most = Math.max(most, machine.steps);
      }
      assertThat(most).isLessThan(40);
    }
  }

  @Test
  void refusesAProgramThatTheKernelWould() {
    List<Rule> rules = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      Condition condition = new Condition(0, Operator.EQUAL, i, 0);
      rules.add(new Rule(List.of("read"), Action.ALLOW, List.of(condition)));
    }
    SeccompProfile profile = new SeccompProfile(Action.errno(1), Set.of(), rules, 0);
    assertThatThrownBy(() -> COMPILER.compile(profile, Abi.X86_64))
        .hasMessageContaining("4096 are allowed");
    SeccompProfile shorter =
        new SeccompProfile(Action.errno(1), Set.of(), rules.subList(0, 700), 0);
    BpfMachine machine = machine(shorter, Abi.X86_64);
    assertThat(call(machine, Abi.X86_64, "read", 699)).isEqualTo(ALLOW);
    assertThat(call(machine, Abi.X86_64, "read", 700)).isEqualTo(EPERM);
    assertThat(call(machine, Abi.X86_64, "write", 1)).isEqualTo(ENOSYS);
  }
}
