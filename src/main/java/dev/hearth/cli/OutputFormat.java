package dev.hearth.cli;

/** How a command shows its answer. The constants are what {@code -o} takes. */
enum OutputFormat {
  table,
  json
}
