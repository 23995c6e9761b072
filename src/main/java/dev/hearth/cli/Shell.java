package dev.hearth.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedOutputStream;
import java.io.Console;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneId;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What a command was started from: where its output goes, what the environment says, what time it
 * is. Most commands need few of these, and each costs some milliseconds of a short life, so they
 * are looked at when they are asked for.
 *
 * @param terminal whether somebody looks on, so that lines may be overwritten
 * @param zone of times the user gives without an offset
 */
record Shell(
    PrintStream out,
    PrintStream err,
    BooleanSupplier terminal,
    Map<String, String> environment,
    InstantSource clock,
    Supplier<ZoneId> zone) {

  static Shell ofThisProcess() {
    return new Shell(
        stream(FileDescriptor.out, false),
        stream(FileDescriptor.err, true),
        () -> isTerminal(System.console()),
        System.getenv(),
        InstantSource.system(),
        ZoneId::systemDefault);
  }

  Instant now() {
    return clock.instant();
  }

  private static boolean isTerminal(@Nullable Console console) {
    return console != null && console.isTerminal();
  }

  /** UTF-8 in any locale: JSON is that, and the bytes of logs pass as they are. */
  private static PrintStream stream(FileDescriptor descriptor, boolean flushesLines) {
    var buffered = new BufferedOutputStream(new FileOutputStream(descriptor), 1 << 13);
    return new PrintStream(buffered, flushesLines, UTF_8);
  }
}
