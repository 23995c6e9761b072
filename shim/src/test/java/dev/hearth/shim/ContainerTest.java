package dev.hearth.shim;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** Tests that start containers: a workbench each, and nothing left after. */
abstract class ContainerTest {
  Workbench bench;

  @BeforeEach
  final void setUp(@TempDir Path folder) throws Exception {
    bench = new Workbench(folder, program());
  }

  /** The shim to be tested. */
  Path program() {
    return Path.of("target/hearth-shim").toAbsolutePath();
  }

  @AfterEach
  final void tearDown() throws Exception {
    bench.close();
  }
}
