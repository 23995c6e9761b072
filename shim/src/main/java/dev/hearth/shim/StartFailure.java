package dev.hearth.shim;

import dev.hearth.linux.Errno;
import java.util.List;

/**
 * A container's process, or an exec's, did not start. The message is for operators: {@code exec
 * /bin/foo: no such file or directory}.
 */
public final class StartFailure extends ShimException {
  private static final long serialVersionUID = 1;

  private static final int EXEC = 0x030d;

  private final String stage;
  private final int errno;
  private final String text;
  private final boolean exec;

  private StartFailure(String stage, int errno, String text, boolean exec) {
    super(stage + (exec ? " " : ": ") + text + ": " + describe(errno));
    this.stage = stage;
    this.errno = errno;
    this.text = text;
    this.exec = exec;
  }

  static StartFailure of(Plan plan, Report report) {
    return new StartFailure(
        stage(plan.steps(), report), report.errno(), report.text(), report.stage() == EXEC);
  }

  /** What a report is about, in words. */
  static String stage(List<Step> steps, Report report) {
    if (report.step() >= 0 && report.step() < steps.size()) {
      return steps.get(report.step()).purpose();
    }
    return switch (report.stage()) {
      case 1 -> "read the plan";
      case 2 -> "leave the daemon";
      case 3 -> "set up stdio";
      case 4 -> "make the process";
      case 5 -> "map user and group ids";
      case 6 -> "set up the process";
      default -> "start";
    };
  }

  /** What was being done, such as {@code mount /proc} or {@code exec}. */
  public String stage() {
    return stage;
  }

  /** The error number of errno(3). */
  public int errno() {
    return errno;
  }

  /** Whether it is this one. */
  public boolean is(Errno candidate) {
    return errno == candidate.number();
  }

  /** The operation that failed and its object; of an exec the program's name. */
  public String text() {
    return text;
  }

  /** Whether everything was ready and only the program itself could not be run. */
  public boolean isOfProgram() {
    return exec;
  }
}
