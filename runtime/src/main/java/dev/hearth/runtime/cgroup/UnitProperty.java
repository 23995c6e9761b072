package dev.hearth.runtime.cgroup;

import java.util.List;

/** A property of a unit of systemd's, by its name on the bus (org.freedesktop.systemd1(5)). */
public sealed interface UnitProperty {
  String name();

  /** A string. */
  record Text(String name, String value) implements UnitProperty {}

  /** A truth. */
  record Flag(String name, boolean value) implements UnitProperty {}

  /** An unsigned number of 64 bits; -1 is the largest, systemd's infinity. */
  record Amount(String name, long value) implements UnitProperty {}

  /** Processes to take in, by their numbers. */
  record Pids(String name, List<Integer> value) implements UnitProperty {
    public Pids {
      value = List.copyOf(value);
    }
  }
}
