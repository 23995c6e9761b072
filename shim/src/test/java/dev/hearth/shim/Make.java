package dev.hearth.shim;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The Makefile of the C tests. */
final class Make {
  private Make() {}

  static int run(String target, String... variables) throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(
                "make",
                "--silent",
                "-C",
                Path.of("src/test/c").toAbsolutePath().toString(),
                "OUT=" + Path.of("target").toAbsolutePath()));
    command.addAll(List.of(variables));
    command.add(target);
    return new ProcessBuilder(command).inheritIO().start().waitFor();
  }
}
