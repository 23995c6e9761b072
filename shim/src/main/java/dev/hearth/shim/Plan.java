package dev.hearth.shim;

import dev.hearth.linux.Fd;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A plan ready for the shim.
 *
 * @param descriptors that it gets besides its own, by the numbers the steps name them by
 */
record Plan(PlanKind kind, List<Step> steps, SortedMap<Integer, Fd> descriptors) {
  private static final int MAGIC = 0x4e4c5048;
  private static final int VERSION = 1;
  private static final int LENGTH_AT = 8;

  Plan {
    steps = List.copyOf(steps);
    descriptors = new TreeMap<>(descriptors);
  }

  static Plan of(PlanKind kind, List<Step> steps) {
    return new Plan(kind, steps, new TreeMap<>(Map.of()));
  }

  ByteBuffer encode() {
    PlanWriter out = new PlanWriter();
    out.u32(MAGIC).u16(VERSION).u16(kind.number).u32(0).u32(steps.size());
    for (Step step : steps) {
      out.u16(step.type()).u16(step.flags()).u32(0);
      int start = out.position();
      step.write(out);
      out.set(start - Integer.BYTES, out.position() - start);
    }
    out.set(LENGTH_AT, out.position());
    return out.finish();
  }
}
