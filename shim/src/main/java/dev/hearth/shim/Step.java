package dev.hearth.shim;

/**
 * One step of a plan as the shim carries it out, one to one with those of plan.h, where the fields
 * are described. Steps say how; {@link LaunchPlan} and {@link ExecPlan} say what, and put them in
 * order.
 */
sealed interface Step permits ShimStep, FileStep, ProcessStep, Step.Marked {
  /** The step's number in plan.h. */
  int type();

  /** Writes the arguments. */
  void write(PlanWriter out);

  /** What it is for, in a message: {@code mount /proc}. */
  String purpose();

  /** STEP_* flags of plan.h. */
  default int flags() {
    return 0;
  }

  /** If this step fails, that is a warning. */
  default Step soft() {
    return new Marked(this, flags() | Marked.SOFT);
  }

  /** If what this step is about is not there, that is all right. */
  default Step skippingAbsent() {
    return new Marked(this, flags() | Marked.SKIP_ABSENT);
  }

  /** A step with flags. */
  record Marked(Step step, int flags) implements Step {
    static final int SOFT = 1;
    static final int SKIP_ABSENT = 2;

    @Override
    public int type() {
      return step.type();
    }

    @Override
    public void write(PlanWriter out) {
      step.write(out);
    }

    @Override
    public String purpose() {
      return step.purpose();
    }

    @Override
    public Step soft() {
      return new Marked(step, flags | SOFT);
    }

    @Override
    public Step skippingAbsent() {
      return new Marked(step, flags | SKIP_ABSENT);
    }
  }
}
