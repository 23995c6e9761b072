package dev.hearth.cli;

/** How a command shows its answer. */
enum OutputFormat {
  TABLE,
  JSON
}
