package dev.hearth.bench;

import dev.hearth.bench.Site.Contenders;

/** Measures that belong together. */
interface Suite {
  /** How it is asked for. */
  String name();

  /** Whether it is measured when no suite is asked for. */
  default boolean isUsual() {
    return true;
  }

  void measure(Site site, Contenders contenders, Results results) throws Exception;
}
