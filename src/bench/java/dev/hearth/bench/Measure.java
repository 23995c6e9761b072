package dev.hearth.bench;

import java.util.OptionalDouble;

/**
 * Something that is measured on every contender.
 *
 * @param id names it in the JSON and for the budget
 * @param title names it in the table
 * @param budget what Hearth's median may be
 */
record Measure(String id, String title, Unit unit, OptionalDouble budget) {
  /** Less is better in every one. */
  enum Unit {
    MILLISECONDS("ms"),
    SECONDS("s"),
    MEGABYTES("MB"),
    COUNT("");

    final String symbol;

    Unit(String symbol) {
      this.symbol = symbol;
    }
  }

  /** The title with the unit, if there is one. */
  String heading() {
    return unit.symbol.isEmpty() ? title : title + ", " + unit.symbol;
  }

  static Measure of(String id, String title, Unit unit) {
    return new Measure(id, title, unit, OptionalDouble.empty());
  }

  static Measure of(String id, String title, Unit unit, double budget) {
    return new Measure(id, title, unit, OptionalDouble.of(budget));
  }
}
