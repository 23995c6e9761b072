package dev.hearth.shim;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.linux.testing.NeedsRoot;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;

/** The same tests with the shim under ASan and UBSan, which end it at the first mistake. */
@NeedsRoot
final class SanitizedIT {
  @BeforeAll
  static void build() throws Exception {
    assertThat(Make.run("sanitized")).isZero();
  }

  private static Path sanitized() {
    return Path.of("target/hearth-shim-sanitized").toAbsolutePath();
  }

  @Nested
  final class Starts extends StartIT {
    @Override
    Path program() {
      return sanitized();
    }
  }

  @Nested
  final class Processes extends ProcessIT {
    @Override
    Path program() {
      return sanitized();
    }
  }

  @Nested
  final class FileTrees extends FilesIT {
    @Override
    Path program() {
      return sanitized();
    }
  }

  @Nested
  final class NamespaceSets extends NamespacesIT {
    @Override
    Path program() {
      return sanitized();
    }
  }

  @Nested
  final class Logs extends LogIT {
    @Override
    Path program() {
      return sanitized();
    }
  }

  @Nested
  final class Execs extends ExecIT {
    @Override
    Path program() {
      return sanitized();
    }
  }

  @Nested
  final class Attachments extends AttachIT {
    @Override
    Path program() {
      return sanitized();
    }
  }

  @Nested
  final class Controls extends ControlIT {
    @Override
    Path program() {
      return sanitized();
    }
  }

  @Nested
  final class Exits extends ExitIT {
    @Override
    Path program() {
      return sanitized();
    }
  }
}
