package dev.hearth.shim;

/** What a plan is for, as plan.h has it. */
enum PlanKind {
  LAUNCH(1),
  EXEC(2),
  PIN(3);

  final int number;

  PlanKind(int number) {
    this.number = number;
  }
}
