package dev.hearth.runtime.spec.seccomp;

/**
 * Compares an argument of a call, as 64 unsigned bits.
 *
 * @param index 0 to 5
 * @param value what to compare with; for MASKED_EQUAL the mask
 * @param second for MASKED_EQUAL what must remain
 */
record Condition(int index, Operator operator, long value, long second) {
  private static final int ARGUMENTS = 6;

  enum Operator {
    EQUAL,
    NOT_EQUAL,
    LESS,
    LESS_OR_EQUAL,
    GREATER,
    GREATER_OR_EQUAL,
    MASKED_EQUAL
  }

  Condition {
    if (index < 0 || index >= ARGUMENTS) {
      throw new IllegalArgumentException("a system call has no argument " + index);
    }
  }

  /** An operator by the name profiles give it. */
  static Operator operator(String name) {
    return switch (name) {
      case "SCMP_CMP_EQ" -> Operator.EQUAL;
      case "SCMP_CMP_NE" -> Operator.NOT_EQUAL;
      case "SCMP_CMP_LT" -> Operator.LESS;
      case "SCMP_CMP_LE" -> Operator.LESS_OR_EQUAL;
      case "SCMP_CMP_GT" -> Operator.GREATER;
      case "SCMP_CMP_GE" -> Operator.GREATER_OR_EQUAL;
      case "SCMP_CMP_MASKED_EQ" -> Operator.MASKED_EQUAL;
      default -> throw new IllegalArgumentException("unknown comparison " + name);
    };
  }
}
