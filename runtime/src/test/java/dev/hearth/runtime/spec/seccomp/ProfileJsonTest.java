package dev.hearth.runtime.spec.seccomp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.spec.seccomp.Condition.Operator;
import dev.hearth.runtime.spec.seccomp.SeccompProfile.Rule;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProfileJsonTest {
  private static final Circumstances HERE =
      new Circumstances(Abi.X86_64, Set.of("SYS_PTRACE"), "5.10.0-8-amd64");

  @Test
  void readsAProfile() {
    SeccompProfile profile =
        ProfileJson.parse(
            "audit",
            """
            {
              "defaultAction": "SCMP_ACT_ERRNO",
              "defaultErrnoRet": 38,
              "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X32", "SCMP_ARCH_MIPS"],
              "flags": ["SECCOMP_FILTER_FLAG_LOG"],
              "listenerPath": "",
              "syscalls": [
                {"names": ["read", "write"], "action": "SCMP_ACT_ALLOW"},
                {"names": ["clone"], "action": "SCMP_ACT_TRACE", "errnoRet": 7, "args": [
                  {"index": 0, "value": 18446744073709551615, "valueTwo": 5, "op": "SCMP_CMP_MASKED_EQ"}
                ]},
                {"names": ["mkdir"], "action": "SCMP_ACT_LOG", "args": null}
              ]
            }
            """,
            HERE);
    assertThat(profile.fallback()).isEqualTo(Action.errno(38));
    assertThat(profile.guests()).containsExactlyInAnyOrder(Abi.X86_64, Abi.X32);
    assertThat(profile.flags()).isEqualTo(2);
    assertThat(profile.rules())
        .containsExactly(
            new Rule(List.of("read", "write"), Action.ALLOW, List.of()),
            new Rule(
                List.of("clone"),
                new Action(0x7FF0_0007),
                List.of(new Condition(0, Operator.MASKED_EQUAL, -1, 5))),
            new Rule(List.of("mkdir"), Action.LOG, List.of()));
  }

  @Test
  void takesTheRulesThatHoldHere() {
    assertThat(rulesWith("\"includes\": {\"caps\": [\"CAP_SYS_PTRACE\"]}")).hasSize(1);
    assertThat(rulesWith("\"includes\": {\"caps\": [\"CAP_SYS_PTRACE\", \"CAP_BPF\"]}")).isEmpty();
    assertThat(rulesWith("\"excludes\": {\"caps\": [\"CAP_SYS_PTRACE\", \"CAP_BPF\"]}")).isEmpty();
    assertThat(rulesWith("\"includes\": {\"arches\": [\"amd64\", \"x32\"]}")).hasSize(1);
    assertThat(rulesWith("\"includes\": {\"arches\": [\"arm64\"]}")).isEmpty();
    assertThat(rulesWith("\"excludes\": {\"arches\": [\"amd64\"]}")).isEmpty();
    assertThat(rulesWith("\"includes\": {\"minKernel\": \"4.8\"}")).hasSize(1);
    assertThat(rulesWith("\"includes\": {\"minKernel\": \"5.10\"}")).hasSize(1);
    assertThat(rulesWith("\"includes\": {\"minKernel\": \"5.11\"}")).isEmpty();
    assertThat(rulesWith("\"excludes\": null")).hasSize(1);
  }

  private static List<Rule> rulesWith(String condition) {
    String rule = "{\"name\": \"ptrace\", \"action\": \"SCMP_ACT_ALLOW\", " + condition + "}";
    String json = "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"syscalls\": [" + rule + "]}";
    return ProfileJson.parse("p", json, HERE).rules();
  }

  @Test
  void takesConditionsOnOneArgumentForAlternatives() {
    String args =
        "[{\"index\": 0, \"value\": 1, \"op\": \"SCMP_CMP_EQ\"},"
            + " {\"index\": 0, \"value\": 2, \"op\": \"SCMP_CMP_EQ\"}]";
    assertThat(rulesWith("\"args\": " + args))
        .extracting(Rule::conditions)
        .containsExactly(
            List.of(new Condition(0, Operator.EQUAL, 1, 0)),
            List.of(new Condition(0, Operator.EQUAL, 2, 0)));
  }

  @Test
  void takesGuestsOfTheMapOfArchitectures() {
    SeccompProfile profile =
        ProfileJson.parse(
            "p",
            """
            {"defaultAction": "SCMP_ACT_LOG", "archMap": [
              {"architecture": "SCMP_ARCH_AARCH64", "subArchitectures": ["SCMP_ARCH_ARM"]},
              {"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86"]}]}
            """,
            HERE);
    assertThat(profile.guests()).containsExactly(Abi.X86);
  }

  @Test
  void leavesSpeculationOnWhenNoFlagsAreGiven() {
    assertThat(ProfileJson.parse("p", "{\"defaultAction\": \"SCMP_ACT_LOG\"}", HERE).flags())
        .isEqualTo(4);
    assertThat(
            ProfileJson.parse("p", "{\"defaultAction\": \"SCMP_ACT_LOG\", \"flags\": []}", HERE)
                .flags())
        .isZero();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[]",
        "null",
        "7",
        "{",
        "{}",
        "{\"defaultAction\": 7}",
        "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"listenerPath\": \"/run/agent.sock\"}",
        "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [{\"names\": [\"read\"], \"action\": \"SCMP_ACT_LOG\", \"includes\": {\"minKernel\": \"new\"}}]}",
        "{\"defaultAction\": []}",
        "{\"defaultAction\": \"SCMP_ACT_NOTIFY\"}",
        "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": 4096}",
        "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": -1}",
        "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": 1.5}",
        "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": 1e999999999}",
        "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"flags\": [\"X\"]}",
        "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": {}}",
        "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [3]}",
        "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [{}]}",
        "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [{\"names\": []}]}",
        "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [{\"names\": [\"read\"]}]}",
        "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [{\"names\": [\"read\"], \"action\": \"SCMP_ACT_LOG\", \"args\": [{\"index\": 6, \"op\": \"SCMP_CMP_EQ\"}]}]}",
        "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [{\"names\": [\"read\"], \"action\": \"SCMP_ACT_LOG\", \"args\": [{\"index\": 0, \"op\": \"=\"}]}]}"
      })
  void saysWhatIsWrong(String json) {
    assertThatThrownBy(() -> ProfileJson.parse("mine.json", json, HERE))
        .isInstanceOf(HearthException.InvalidRequest.class)
        .hasMessageStartingWith("seccomp profile mine.json: ");
  }
}
