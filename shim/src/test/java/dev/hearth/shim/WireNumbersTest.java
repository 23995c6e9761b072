package dev.hearth.shim;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.linux.Fd;
import dev.hearth.linux.Opens;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What the two sides call by number they call by the same number. */
final class WireNumbersTest {
  private static final Pattern CONSTANT =
      Pattern.compile("\\b([A-Z][A-Z_0-9]+)\\s*=\\s*(0x[0-9a-f]+|\\d+),");

  private static Map<String, Integer> constants(String header) throws Exception {
    Map<String, Integer> constants = new HashMap<>();
    Matcher matcher = CONSTANT.matcher(Files.readString(Path.of("src/main/c", header)));
    while (matcher.find()) {
      constants.put(matcher.group(1), Integer.decode(matcher.group(2)));
    }
    return constants;
  }

  private static Map<String, Integer> javaConstants(Class<?> type) throws Exception {
    Map<String, Integer> constants = new HashMap<>();
    for (Field field : type.getDeclaredFields()) {
      if (field.getType() == int.class && field.getName().matches("[A-Z_]+")) {
        field.setAccessible(true);
        constants.put(field.getName(), field.getInt(null));
      }
    }
    return constants;
  }

  @Test
  void requestsAreThoseOfTheProtocol() throws Exception {
    Map<String, Integer> header = constants("protocol.h");
    javaConstants(Request.class)
        .forEach((name, number) -> {
          if (!name.equals("VERSION")) {
            String prefix = name.matches("(ATTACH|EXEC)_.*") ? "" : "REQUEST_";
            assertThat(header).containsEntry(prefix + name, number);
          }
        });
  }

  @Test
  void answersAreThoseOfTheProtocol() throws Exception {
    Map<String, Integer> header = constants("protocol.h");
    javaConstants(Message.class)
        .forEach((name, number) -> assertThat(header).containsEntry("ANSWER_" + name, number));
  }

  @Test
  void reportsAreThoseOfTheShim() throws Exception {
    Map<String, Integer> header = constants("report.h");
    assertThat(header)
        .containsEntry("REPORT_WARNING", Report.WARNING)
        .containsEntry("REPORT_FAILED", Report.FAILED)
        .containsEntry("REPORT_STARTED", Report.STARTED);
  }

  @Test
  void stepsAreThoseOfThePlan() throws Exception {
    Map<String, Integer> header = constants("plan.h");
    Set<Integer> known = new HashSet<>(header.values());
    Set<Integer> used = new HashSet<>();
    try (Fd base = Opens.memory("base")) {
      for (Plan plan :
          List.of(
              SamplePlans.everything().compile(base),
              ExecPlan.in(SamplePlans.everything(), SamplePlans.everything().process()).compile(),
              SamplePlans.pin().compile())) {
        plan.steps().forEach(step -> used.add(step.type()));
      }
    }
    assertThat(known).containsAll(used);
    assertThat(used)
        .as("nearly all steps are in these plans")
        .hasSizeGreaterThan(35)
        .contains(
            header.get("STEP_EXEC"),
            header.get("STEP_MOUNT_BIND"),
            header.get("STEP_STDIO_OWNER"),
            header.get("STEP_MOUNT_BASE"));
    assertThat(header)
        .containsEntry("STEP_SOFT", Step.Marked.SOFT)
        .containsEntry("STEP_SKIP_ABSENT", Step.Marked.SKIP_ABSENT)
        .containsEntry("PLAN_LAUNCH", PlanKind.LAUNCH.number)
        .containsEntry("PLAN_EXEC", PlanKind.EXEC.number)
        .containsEntry("PLAN_PIN", PlanKind.PIN.number);
  }
}
