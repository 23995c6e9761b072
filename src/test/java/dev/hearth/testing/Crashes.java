package dev.hearth.testing;

import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Goes through the steps of verbs, as the daemon's code has them: kills the daemon right after step
 * 1, 2, … of a verb until the verb succeeds without. No step can be forgotten, since none is named.
 *
 * <p>Verbs that make up a life are gone through together: the daemon that repeats one is the daemon
 * that dies in the next.
 */
public final class Crashes {
  /** What a process killed by SIGKILL ends with. */
  private static final int KILLED = 137;

  /** More steps than any verb has. */
  private static final int BOUND = 50;

  private final TestBed bed;
  private final Map<String, Integer> steps = new HashMap<>();
  private final Set<String> done = new HashSet<>();

  public Crashes(TestBed bed) {
    this.bed = bed;
  }

  /** Something that may fail in any way. */
  @FunctionalInterface
  public interface Action {
    void run() throws Exception;
  }

  /**
   * One verb of a life.
   *
   * @param failpoint the verb's name in the daemon's failpoints
   * @param call calls it; called a second time after the daemon has died in the first
   * @param afterCrash what is looked at while no daemon is there
   * @param check what must be so after the second call
   */
  public record Verb(String failpoint, Action call, Action afterCrash, Action check) {}

  /** A life from nothing to nothing. A new one for each round, as no two things may be mixed up. */
  @FunctionalInterface
  public interface Lives {
    List<Verb> life(int round);
  }

  /**
   * Lives until the daemon has died after each step of each verb. Nothing may be left after any
   * life.
   *
   * @return how many steps each verb had
   */
  public Map<String, Integer> afterEachStep(Lives lives) throws Exception {
    for (int round = 1; round <= BOUND; round++) {
      Leftovers before = Leftovers.of(bed.home());
      List<Verb> life = lives.life(round);
      bed.daemon().kill();
      bed.daemon().startAgain(failpoint(life.getFirst()));
      for (int i = 0; i < life.size(); i++) {
        carryOut(life.get(i), i + 1 < life.size() ? failpoint(life.get(i + 1)) : "");
      }
      Leftovers.assertNothingSince(before, bed.home());
      if (life.stream().allMatch(verb -> done.contains(verb.failpoint))) {
        return Map.copyOf(steps);
      }
    }
    throw new AssertionError("the daemon crashed " + BOUND + " times");
  }

  private String failpoint(Verb verb) {
    return done.contains(verb.failpoint)
        ? ""
        : "crash:" + verb.failpoint + ":" + (steps.getOrDefault(verb.failpoint, 0) + 1);
  }

  private void carryOut(Verb verb, String next) throws Exception {
    boolean armed = !failpoint(verb).isEmpty();
    int step = steps.getOrDefault(verb.failpoint, 0) + 1;
    try {
      boolean crashed = crashes(verb);
      if (crashed) {
        steps.put(verb.failpoint, step);
        verb.afterCrash.run();
      } else {
        done.add(verb.failpoint);
      }
      if (crashed || armed || !next.isEmpty()) {
        bed.daemon().kill();
        bed.daemon().startAgain(next);
      }
      verb.call.run();
      verb.check.run();
    } catch (Exception | AssertionError e) {
      throw new AssertionError(verb.failpoint + ", cut off after its step " + step + ": " + e, e);
    }
  }

  private boolean crashes(Verb verb) throws Exception {
    try {
      verb.call.run();
      return false;
    } catch (StatusRuntimeException e) {
      if (bed.daemon().awaitEnd() != KILLED) {
        throw new IOException("the daemon did not end by its failpoint", e);
      }
      return true;
    }
  }
}
