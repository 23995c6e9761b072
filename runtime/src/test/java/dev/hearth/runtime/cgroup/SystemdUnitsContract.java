package dev.hearth.runtime.cgroup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.runtime.cgroup.CgroupException.Reason;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What Hearth relies on in systemd. */
abstract class SystemdUnitsContract {
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  private final String name =
      "hearthtest" + ProcessHandle.current().pid() + "x" + System.nanoTime();
  private final String slice = name + ".slice";
  private final String scope = name + ".scope";
  private final List<Placeholders.Held> held = new ArrayList<>();

  abstract SystemdUnits units();

  abstract Placeholders placeholders();

  abstract boolean exists(CgroupPath group) throws Exception;

  /** Comes back when a scope has ended that nothing holds any more. */
  abstract void awaitEnd(CgroupPath scope) throws Exception;

  @AfterEach
  void cleanUp() throws Exception {
    for (Placeholders.Held each : held) {
      each.release();
    }
    units().stop(scope, TIMEOUT);
    units().stop(slice, TIMEOUT);
    units().close();
  }

  private CgroupPath group() throws CgroupException {
    return Slices.path(slice).child(scope);
  }

  private Placeholders.Held hold() throws CgroupException {
    Placeholders.Held one = placeholders().start();
    held.add(one);
    return one;
  }

  private static void assertFails(Reason reason, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            CgroupException.class, e -> assertThat(e.reason()).as(e.toString()).isEqualTo(reason));
  }

  @Test
  void aSliceStaysUntilItIsStopped() throws Exception {
    units().start(slice, UnitProperties.COMMON);
    assertThat(exists(Slices.path(slice))).isTrue();
    assertFails(Reason.BUSY, () -> units().start(slice, UnitProperties.COMMON));
    units().stop(slice, TIMEOUT);
    units().stop(slice, TIMEOUT);
    assertThat(exists(Slices.path(slice))).isFalse();
  }

  @Test
  void aScopeBringsItsSliceAndEndsWhenItIsEmpty() throws Exception {
    Placeholders.Held placeholder = hold();
    units().start(scope, UnitProperties.scope(slice, placeholder.pid(), Limits.NONE));
    assertThat(exists(group())).isTrue();
    assertFails(
        Reason.BUSY,
        () -> units().start(scope, UnitProperties.scope(slice, placeholder.pid(), Limits.NONE)));
    units().set(scope, List.of(new UnitProperty.Amount("CPUWeight", 42)));
    held.remove(placeholder);
    placeholder.release();
    awaitEnd(group());
    assertFails(
        Reason.ABSENT, () -> units().set(scope, List.of(new UnitProperty.Amount("CPUWeight", 43))));
  }

  @Test
  void aScopeNeedsAProcess() throws Exception {
    Placeholders.Held placeholder = hold();
    held.remove(placeholder);
    placeholder.release();
    assertFails(
        Reason.FAILED,
        () -> units().start(scope, UnitProperties.scope(slice, placeholder.pid(), Limits.NONE)));
    assertThat(exists(group())).isFalse();
  }

  @Test
  void stoppingASliceStopsWhatIsInIt() throws Exception {
    units().start(scope, UnitProperties.scope(slice, hold().pid(), Limits.NONE));
    units().stop(slice, TIMEOUT);
    assertThat(exists(group())).isFalse();
    assertThat(exists(Slices.path(slice))).isFalse();
  }

  @Test
  void whatIsNotLoadedCanBeForgotten() throws Exception {
    units().forget(scope);
    assertThat(exists(group())).isFalse();
  }
}
