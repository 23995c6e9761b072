package dev.hearth.shim;

/**
 * Something of a plan that could not be done, and that the container can do without.
 *
 * @param stage what was being done
 * @param text the operation that failed, its object and why
 */
public record StartWarning(String stage, String text) {
  static StartWarning of(Plan plan, Report report) {
    return new StartWarning(
        StartFailure.stage(plan.steps(), report),
        report.text() + ": " + ShimException.describe(report.errno()));
  }

  @Override
  public String toString() {
    return stage + ": " + text;
  }
}
