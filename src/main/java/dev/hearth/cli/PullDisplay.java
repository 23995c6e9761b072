package dev.hearth.cli;

import dev.hearth.proto.admin.v1.LayerPhase;
import dev.hearth.proto.admin.v1.PullProgress;
import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Shows a pull on standard error. On a terminal each layer has a line that is overwritten in place;
 * elsewhere a layer is mentioned when it is complete, and nothing is overwritten.
 */
final class PullDisplay {
  private static final int BAR = 24;

  /** Control sequences of ECMA-48: cursor up by the number before it, erase the line's rest. */
  private static final String ESCAPE = "\u001b[";

  private static final String UP = "A";
  private static final String ERASE_REST = ESCAPE + "K";

  private final PrintStream err;
  private final boolean redraws;
  private final boolean quiet;
  private final Map<String, PullProgress> layers = new LinkedHashMap<>();
  private int linesDrawn;

  PullDisplay(Shell shell, boolean quiet) {
    this.err = shell.err();
    this.redraws = !quiet && shell.terminal().getAsBoolean();
    this.quiet = quiet;
  }

  /** Whether nothing was heard of a layer yet. */
  boolean isUntouched() {
    return layers.isEmpty();
  }

  void show(PullProgress step) {
    PullProgress before = layers.put(step.getLayer(), step);
    if (quiet) {
      return;
    }
    if (redraws) {
      redraw();
    } else if (isComplete(step) && (before == null || !isComplete(before))) {
      err.println(line(step));
    }
  }

  private void redraw() {
    var text = new StringBuilder();
    if (linesDrawn > 0) {
      text.append(ESCAPE).append(linesDrawn).append(UP);
    }
    layers.values().forEach(step -> text.append(line(step)).append(ERASE_REST).append('\n'));
    linesDrawn = layers.size();
    err.print(text);
    err.flush();
  }

  private String line(PullProgress step) {
    String layer = Plain.text(Plain.shortId(step.getLayer()));
    return switch (step.getPhase()) {
      case LAYER_WAITING -> layer + "  waiting";
      case LAYER_DOWNLOADING, LAYER_PHASE_UNSPECIFIED, UNRECOGNIZED ->
          layer + "  " + (redraws ? bar(step) : "") + amount(step);
      case LAYER_UNPACKING -> layer + "  unpacking " + amount(step);
      case LAYER_DONE -> layer + "  done " + Plain.bytes(step.getReceivedBytes());
      case LAYER_PRESENT -> layer + "  already here";
    };
  }

  private static String bar(PullProgress step) {
    if (step.getTotalBytes() <= 0) {
      return "";
    }
    double share = Math.clamp((double) step.getReceivedBytes() / step.getTotalBytes(), 0, 1);
    int full = (int) (share * BAR);
    return "[" + "=".repeat(full) + " ".repeat(BAR - full) + "] ";
  }

  private static String amount(PullProgress step) {
    String received = Plain.bytes(step.getReceivedBytes());
    return step.getTotalBytes() <= 0
        ? received
        : received + " of " + Plain.bytes(step.getTotalBytes());
  }

  private static boolean isComplete(PullProgress step) {
    return step.getPhase() == LayerPhase.LAYER_DONE
        || step.getPhase() == LayerPhase.LAYER_PRESENT
        // A daemon that does not tell phases.
        || (step.getPhase() == LayerPhase.LAYER_PHASE_UNSPECIFIED
            && step.getTotalBytes() > 0
            && step.getReceivedBytes() >= step.getTotalBytes());
  }
}
