package dev.hearth.linux.testing;

import java.util.Random;
import java.util.SplittableRandom;

/**
 * Random inputs: usually so many, the same every time, in seconds. The property {@code
 * hearth.fuzz.seconds} makes it run that long with inputs of its own, and say at the end how many
 * there were; {@code hearth.fuzz.seed} with the number a failure names makes that input the first.
 */
public final class FuzzRun {
  private FuzzRun() {}

  /** Makes one input, and tries it. */
  @FunctionalInterface
  public interface Trial {
    void run(Random random) throws Exception;
  }

  /**
   * Runs the trials.
   *
   * @param usual how many when nothing else is said
   * @throws AssertionError naming the seed of the input that failed
   */
  public static void of(int usual, Trial trial) {
    Integer seconds = Integer.getInteger("hearth.fuzz.seconds");
    long seed = Long.getLong("hearth.fuzz.seed", seconds == null ? 1 : System.nanoTime());
    long start = System.nanoTime();
    long end = start + (seconds == null ? 0 : seconds * 1_000_000_000L);
    long count = 0;
    while (seconds == null ? count < usual : System.nanoTime() - end < 0) {
      tryOne(trial, seed + count);
      count++;
    }
    if (seconds != null) {
      System.out.printf("%,d inputs in %d s%n", count, (System.nanoTime() - start) / 1_000_000_000);
    }
  }

  private static void tryOne(Trial trial, long seed) {
    try {
      trial.run(Random.from(new SplittableRandom(seed)));
    } catch (Exception | Error e) {
      throw new AssertionError("failed with -Dhearth.fuzz.seed=" + seed, e);
    }
  }
}
