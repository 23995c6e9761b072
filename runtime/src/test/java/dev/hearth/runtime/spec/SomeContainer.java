package dev.hearth.runtime.spec;

import dev.hearth.runtime.model.ContainerRecord;

/** A container like any other, for the tests of other packages. */
public final class SomeContainer {
  private SomeContainer() {}

  /** One that is created and has never run. */
  public static ContainerRecord record() {
    return new Requests().record();
  }
}
