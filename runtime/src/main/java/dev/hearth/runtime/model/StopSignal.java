package dev.hearth.runtime.model;

import java.util.List;
import java.util.Locale;

/**
 * The signal that asks a container to end.
 *
 * @param name as kill(1) lists it, such as SIGTERM or SIGRTMIN+3
 * @param number as signal(7) gives it for x86 and ARM, with the real-time signals as musl and glibc
 *     number them from 34
 */
public record StopSignal(String name, int number) {
  /** Where neither request nor image names one. */
  public static final StopSignal SIGTERM = new StopSignal("SIGTERM", 15);

  private static final int FIRST_REAL_TIME = 34;
  private static final int LAST_REAL_TIME = 64;

  /** Names by number, from 1. */
  private static final List<String> NAMES =
      List.of(
          "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2",
          "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG",
          "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS");

  /** The request's signal, else the image's, else SIGTERM. An image's nonsense is passed over. */
  public static StopSignal of(ContainerRecord container) {
    String asked = container.spec().stopSignal();
    if (!asked.isEmpty()) {
      return parse(asked);
    }
    try {
      String image = container.image().stopSignal();
      return image.isEmpty() ? SIGTERM : parse(image);
    } catch (HearthException.InvalidRequest e) {
      return SIGTERM;
    }
  }

  /**
   * Reads a name with or without SIG in any case, or a number, as images have them; and CRI's
   * SIGRTMINPLUS3.
   *
   * @throws HearthException.InvalidRequest for anything else
   */
  public static StopSignal parse(String text) {
    String name = text.toUpperCase(Locale.ROOT).replace("PLUS", "+").replace("MINUS", "-");
    name = name.startsWith("SIG") ? name.substring(3) : name;
    int number;
    try {
      number =
          switch (name) {
            case "IOT" -> 6;
            case "CLD" -> 17;
            case "POLL" -> 29;
            default -> {
              if (name.startsWith("RTMIN")) {
                yield FIRST_REAL_TIME + offset(name.substring(5));
              }
              if (name.startsWith("RTMAX")) {
                yield LAST_REAL_TIME + offset(name.substring(5));
              }
              int index = NAMES.indexOf(name);
              yield index >= 0 ? index + 1 : Integer.parseInt(name);
            }
          };
    } catch (NumberFormatException e) {
      throw new HearthException.InvalidRequest("no signal is called " + text, e);
    }
    if (number < 1 || number > LAST_REAL_TIME) {
      throw new HearthException.InvalidRequest("there is no signal " + text);
    }
    return new StopSignal(name(number), number);
  }

  private static int offset(String text) {
    return text.isEmpty() ? 0 : Integer.parseInt(text);
  }

  private static String name(int number) {
    if (number <= NAMES.size()) {
      return "SIG" + NAMES.get(number - 1);
    }
    return number == FIRST_REAL_TIME ? "SIGRTMIN" : "SIGRTMIN+" + (number - FIRST_REAL_TIME);
  }
}
