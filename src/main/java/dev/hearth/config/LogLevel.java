package dev.hearth.config;

/** How much the daemon says: everything at this level and above. */
public enum LogLevel {
  ERROR,
  WARN,
  /** One line for every call that changes something. */
  INFO,
  /** Reads as well. */
  DEBUG,
  TRACE
}
