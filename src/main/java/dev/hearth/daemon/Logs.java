package dev.hearth.daemon;

import dev.hearth.config.LogLevel;
import java.time.Instant;
import java.util.logging.ConsoleHandler;
import java.util.logging.Formatter;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** The daemon's own log: lines on standard error, for journald or whoever started it. */
final class Logs {
  private Logs() {}

  static void configure(LogLevel level) {
    Logger root = Logger.getLogger("");
    for (Handler handler : root.getHandlers()) {
      root.removeHandler(handler);
    }
    Handler handler = new ConsoleHandler();
    handler.setLevel(Level.ALL);
    handler.setFormatter(new Lines());
    root.addHandler(handler);
    root.setLevel(Level.WARNING);
    hearth().setLevel(jdk(level));
  }

  // Loggers are held weakly by the JDK; this one must keep its level.
  private static final Logger HEARTH = Logger.getLogger("dev.hearth");

  private static Logger hearth() {
    return HEARTH;
  }

  private static Level jdk(LogLevel level) {
    return switch (level) {
      case TRACE -> Level.FINER;
      case DEBUG -> Level.FINE;
      case INFO -> Level.INFO;
      case WARN -> Level.WARNING;
      case ERROR -> Level.SEVERE;
    };
  }

  private static final class Lines extends Formatter {
    @Override
    public String format(LogRecord record) {
      StringBuilder line = new StringBuilder();
      line.append(Instant.ofEpochMilli(record.getMillis()))
          .append(' ')
          .append(name(record.getLevel()))
          .append(' ')
          .append(formatMessage(record).replace("\n", "\\n"))
          .append('\n');
      for (Throwable t = record.getThrown(); t != null; t = t.getCause()) {
        line.append("  ").append(t).append('\n');
        for (StackTraceElement frame : t.getStackTrace()) {
          line.append("    at ").append(frame).append('\n');
        }
      }
      return line.toString();
    }

    private static String name(Level level) {
      if (level.intValue() >= Level.SEVERE.intValue()) {
        return "ERROR";
      }
      if (level.intValue() >= Level.WARNING.intValue()) {
        return "WARN";
      }
      return level.intValue() >= Level.INFO.intValue() ? "INFO" : "DEBUG";
    }
  }
}
