package dev.hearth.linux.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Evaluates {@link NeedsRoot}. */
final class RootCondition implements ExecutionCondition {
  private static final int CAP_SYS_ADMIN = 21;

  @Override
  public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
    return evaluate(Path.of("/proc/thread-self/status"), System.getenv("CI") != null);
  }

  static ConditionEvaluationResult evaluate(Path status, boolean ci) {
    Optional<String> missing = missing(status);
    if (missing.isEmpty()) {
      return ConditionEvaluationResult.enabled("root with CAP_SYS_ADMIN");
    }
    if (ci) {
      throw new IllegalStateException(missing.get() + ", and CI runs every test");
    }
    return ConditionEvaluationResult.disabled(missing.get());
  }

  private static Optional<String> missing(Path status) {
    try {
      List<String> lines = Files.readAllLines(status);
      if (!"0".equals(field(lines, "Uid:").split("\\s+", -1)[1])) {
        return Optional.of("needs root");
      }
      long effective = Long.parseUnsignedLong(field(lines, "CapEff:"), 16);
      return (effective >>> CAP_SYS_ADMIN & 1) == 1
          ? Optional.empty()
          : Optional.of("needs CAP_SYS_ADMIN");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String field(List<String> lines, String name) {
    return lines.stream()
        .filter(line -> line.startsWith(name))
        .map(line -> line.substring(name.length()).strip())
        .findFirst()
        .orElseThrow(() -> new IllegalStateException("/proc status has no " + name));
  }
}
