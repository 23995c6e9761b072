package dev.hearth.linux;

import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;

/** Signal numbers, signal(7). x86_64 and aarch64 share them. */
public final class Signals {
  public static final int HUP = 1;
  public static final int INT = 2;
  public static final int QUIT = 3;
  public static final int KILL = 9;
  public static final int USR1 = 10;
  public static final int USR2 = 12;
  public static final int TERM = 15;
  public static final int CHLD = 17;
  public static final int CONT = 18;
  public static final int STOP = 19;
  public static final int WINCH = 28;

  /** The highest there is. */
  public static final int MAX = 64;

  /** The first real-time signal the C library leaves to programs, as kill(1) counts them. */
  private static final int REAL_TIME_MIN = 34;

  private static final List<String> NAMES =
      List.of(
          "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2",
          "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG",
          "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS");

  private Signals() {}

  /** The name of a signal: {@code SIGTERM}, {@code SIGRTMIN+3}, or {@code signal 99}. */
  public static String name(int signal) {
    if (signal >= 1 && signal <= NAMES.size()) {
      return "SIG" + NAMES.get(signal - 1);
    }
    if (signal >= REAL_TIME_MIN && signal <= MAX) {
      return signal == REAL_TIME_MIN ? "SIGRTMIN" : "SIGRTMIN+" + (signal - REAL_TIME_MIN);
    }
    return "signal " + signal;
  }

  /**
   * The number of a signal as images and requests write it: {@code 15}, {@code TERM}, {@code
   * SIGTERM}, {@code SIGRTMIN+3}, {@code RTMAX-1}; case does not matter. Empty when there is none
   * such.
   */
  public static OptionalInt parse(String text) {
    String name = text.strip().toUpperCase(Locale.ROOT);
    if (name.matches("[0-9]{1,2}")) {
      return inRange(Integer.parseInt(name));
    }
    name = name.startsWith("SIG") ? name.substring(3) : name;
    if (name.matches("RTMIN(\\+[0-9]{1,2})?")) {
      return realTime(REAL_TIME_MIN + offset(name));
    }
    if (name.matches("RTMAX(-[0-9]{1,2})?")) {
      return realTime(MAX - offset(name));
    }
    String plain =
        switch (name) {
          case "IOT" -> "ABRT";
          case "CLD" -> "CHLD";
          case "POLL" -> "IO";
          default -> name;
        };
    return inRange(NAMES.indexOf(plain) + 1);
  }

  private static int offset(String name) {
    return name.length() > 5 ? Integer.parseInt(name.substring(6)) : 0;
  }

  private static OptionalInt realTime(int signal) {
    return signal >= REAL_TIME_MIN ? inRange(signal) : OptionalInt.empty();
  }

  private static OptionalInt inRange(int signal) {
    return signal >= 1 && signal <= MAX ? OptionalInt.of(signal) : OptionalInt.empty();
  }
}
