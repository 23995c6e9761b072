package dev.hearth.daemon;

import dev.hearth.runtime.model.Failpoints;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Makes a chosen step of a verb fail, or ends the daemon right after it, as a crash would: for
 * tests that go through all of them. Given as the system property {@code hearth.failpoint}: {@code
 * fail:VERB:N} or {@code crash:VERB:N}, with N counted from 1 over the daemon's life, or a step's
 * name instead, its blanks as {@code +}, for the first of that name; or {@code fail:VERB:each},
 * where every step fails the first time it is tried; or {@code stuck:VERB:N}, where a step fails
 * and then every undo. {@code any} is every verb, and what a start does.
 */
final class InjectedFailpoints implements Failpoints {
  private enum What {
    FAIL,
    CRASH,
    STUCK
  }

  /** What a process killed by SIGKILL ends with. */
  private static final int KILLED = 137;

  /** Instead of a number: every step, the first time. */
  private static final int EACH = 0;

  private final What what;
  private final String prefix;
  private final int at;
  private final AtomicInteger seen = new AtomicInteger();
  private final AtomicBoolean stuck = new AtomicBoolean();
  private final Set<String> failed = ConcurrentHashMap.newKeySet();

  private InjectedFailpoints(What what, String prefix, int at) {
    this.what = what;
    this.prefix = prefix;
    this.at = at;
  }

  /** What the property asks for; nothing if it is not set. */
  static Failpoints configured() {
    String property = System.getProperty("hearth.failpoint", "");
    if (property.isEmpty()) {
      return NONE;
    }
    String[] parts = property.split(":", -1);
    if (parts.length != 3) {
      throw new IllegalArgumentException("hearth.failpoint is not WHAT:VERB:N: " + property);
    }
    What what =
        switch (parts[0]) {
          case "fail" -> What.FAIL;
          case "crash" -> What.CRASH;
          case "stuck" -> What.STUCK;
          default ->
              throw new IllegalArgumentException(
                  "hearth.failpoint is no fail or crash: " + property);
        };
    String prefix = parts[1].equals("any") ? "" : parts[1] + ": ";
    if (what == What.FAIL && parts[2].equals("each")) {
      return new InjectedFailpoints(what, prefix, EACH);
    }
    return parts[2].matches("\\d+")
        ? new InjectedFailpoints(what, prefix, Integer.parseInt(parts[2]))
        : new InjectedFailpoints(what, prefix + parts[2].replace('+', ' '), 1);
  }

  @Override
  public void before(String step) {
    if (what != What.CRASH && fails(step)) {
      throw new UncheckedIOException(new IOException("injected failure of '" + step + "'"));
    }
  }

  private boolean fails(String step) {
    if (step.startsWith("undo ")) {
      return stuck.get();
    }
    if (!step.startsWith(prefix)) {
      return false;
    }
    boolean now = at == EACH ? failed.add(step) : seen.incrementAndGet() == at;
    stuck.compareAndSet(false, now && what == What.STUCK);
    return now;
  }

  @Override
  public void after(String step) {
    if (what == What.CRASH && step.startsWith(prefix) && seen.incrementAndGet() == at) {
      Runtime.getRuntime().halt(KILLED);
    }
  }
}
