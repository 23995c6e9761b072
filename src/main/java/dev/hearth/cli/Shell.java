package dev.hearth.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedOutputStream;
import java.io.Console;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.time.Clock;
import java.time.ZoneId;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a command was started from: where its output goes, what the environment says, what time it
 * is.
 *
 * @param terminal somebody looks on: lines may be overwritten
 */
record Shell(
    PrintStream out,
    PrintStream err,
    boolean terminal,
    Map<String, String> environment,
    Clock clock) {

  static Shell ofThisProcess() {
    return new Shell(
        stream(FileDescriptor.out, false),
        stream(FileDescriptor.err, true),
        isTerminal(System.console()),
        System.getenv(),
        Clock.system(ZoneId.systemDefault()));
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
