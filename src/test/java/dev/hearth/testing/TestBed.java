package dev.hearth.testing;

import dev.hearth.testing.TestImage.Format;
import dev.hearth.testing.TestLayer.Compression;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;

/**
 * A registry, and a daemon with the busybox image, for the tests of one class. After each test
 * nothing may be left that was not there before it; when a test fails, the end of the daemon's log
 * is printed and what is left is swept away.
 *
 * <p>A static field with {@code @RegisterExtension}.
 */
public final class TestBed
    implements BeforeAllCallback,
        BeforeEachCallback,
        AfterEachCallback,
        AfterAllCallback,
        TestExecutionExceptionHandler {
  private static final int LINES = 60;

  private @Nullable Path folder;
  private @Nullable LoopbackRegistry registry;
  private @Nullable HearthDaemon daemon;
  private @Nullable Leftovers before;
  private String busybox = "";

  @Override
  public void beforeAll(ExtensionContext context) throws IOException {
    Path made = Files.createTempDirectory("hearth-e2e");
    folder = made;
    var started = LoopbackRegistry.start(made.resolve("registry"));
    registry = started;
    var images = new TestImages(made.resolve("images"));
    busybox = started.push("hearth/busybox:1", images.busybox(Format.DOCKER, Compression.GZIP));
    daemon = HearthDaemon.start(DaemonHome.in(made.resolve("home"), started.host()));
    cri().pull(busybox);
  }

  @Override
  public void beforeEach(ExtensionContext context) {
    before = Leftovers.of(home());
  }

  @Override
  public void handleTestExecutionException(ExtensionContext context, Throwable failure)
      throws Throwable {
    List<String> lines = daemon().log().lines().toList();
    System.err.println("The end of the daemon's log, " + context.getDisplayName() + ":");
    lines.subList(Math.max(0, lines.size() - LINES), lines.size()).forEach(System.err::println);
    before = null;
    throw failure;
  }

  @Override
  public void afterEach(ExtensionContext context) throws IOException {
    Leftovers expected = before;
    if (expected != null) {
      Leftovers.assertNothingSince(expected, home());
      return;
    }
    // A failed test leaves things about that are not the next one's to find.
    daemon().close();
    Leftovers.sweep(home());
    daemon = HearthDaemon.start(home());
    cri().pull(busybox);
  }

  @Override
  public void afterAll(ExtensionContext context) throws IOException {
    if (daemon != null) {
      daemon.close();
      Leftovers.sweep(daemon.home());
    }
    if (registry != null) {
      registry.close();
    }
    if (folder != null) {
      Folders.remove(folder);
    }
  }

  public HearthDaemon daemon() {
    return present(daemon);
  }

  public DaemonHome home() {
    return daemon().home();
  }

  public Cri cri() {
    return daemon().cri();
  }

  public LoopbackRegistry registry() {
    return present(registry);
  }

  /** A folder for the tests of this class, removed after them. */
  public Path folder() {
    return present(folder);
  }

  /** The reference of an image that the daemon has. */
  public String busybox() {
    return busybox;
  }

  private static <T> T present(@Nullable T value) {
    if (value == null) {
      throw new IllegalStateException("the test bed is made before all tests, not earlier");
    }
    return value;
  }
}
