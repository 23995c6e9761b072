package dev.hearth.shim;

import dev.hearth.linux.Poller;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** What all tests of one program share, as a daemon's containers do; it ends with the tests. */
record Tools(Poller poller, ShimLauncher launcher) {
  private static final Map<Path, Tools> ALL = new ConcurrentHashMap<>();

  static Tools of(Path program) {
    return ALL.computeIfAbsent(
        program,
        path -> {
          try {
            Poller poller = new Poller();
            return new Tools(poller, new ShimLauncher(poller, path));
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }
}
