package dev.hearth.runtime.cgroup;

import java.time.Duration;
import java.util.List;

/**
 * What systemd is asked for: transient units. Thread-safe. Every call has a deadline.
 *
 * <p>Every method throws {@link CgroupException} with reason ABSENT for a unit that is not loaded,
 * BUSY for one that is there already, INVALID for a property systemd does not take, TIMED_OUT if
 * systemd does not answer in time, FAILED for the rest, such as no bus.
 */
public interface SystemdUnits extends AutoCloseable {
  /**
   * Makes a unit that lasts until it is stopped, or a scope until it is empty; returns once it is
   * active.
   */
  void start(String unit, List<UnitProperty> properties)
      throws CgroupException, InterruptedException;

  /** Changes properties of a unit until it ends. */
  void set(String unit, List<UnitProperty> properties) throws CgroupException, InterruptedException;

  /**
   * Stops a unit and all below it, and returns once it has stopped; nothing happens if it is not
   * loaded.
   */
  void stop(String unit, Duration timeout) throws CgroupException, InterruptedException;

  /** Lets systemd forget that a unit failed; nothing happens if it is not loaded. */
  void forget(String unit) throws CgroupException, InterruptedException;

  @Override
  void close();
}
