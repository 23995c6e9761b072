package dev.hearth.kubernetes;

import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;
import org.opentest4j.TestAbortedException;

/**
 * The one cluster of a run of tests, started for the first class that needs it and taken down after
 * the last one. A static field with {@code @RegisterExtension}.
 *
 * <p>Without the programs of Kubernetes the tests are skipped, and say which are missing.
 */
final class ClusterBed implements BeforeAllCallback, TestExecutionExceptionHandler {
  private @Nullable Cluster cluster;

  @Override
  public void beforeAll(ExtensionContext context) {
    List<String> missing = Programs.here().missing();
    if (!missing.isEmpty()) {
      throw new TestAbortedException(
          "these programs are neither in $%s nor on the PATH: %s"
              .formatted(Programs.VARIABLE, missing));
    }
    Started started =
        context
            .getRoot()
            .getStore(Namespace.create(ClusterBed.class))
            .getOrComputeIfAbsent(Started.class, key -> Started.now(), Started.class);
    cluster = started.cluster();
  }

  @Override
  public void handleTestExecutionException(ExtensionContext context, Throwable failure)
      throws Throwable {
    System.err.println(context.getDisplayName() + ": " + cluster().logs());
    throw failure;
  }

  Cluster cluster() {
    Cluster there = cluster;
    if (there == null) {
      throw new IllegalStateException("the cluster is made before all tests, not earlier");
    }
    return there;
  }

  /** A cluster, or why there is none: it is not tried again for each class. */
  private record Started(@Nullable Cluster running, @Nullable Throwable failure)
      implements AutoCloseable {

    static Started now() {
      try {
        return new Started(Cluster.start(Programs.here()), null);
      } catch (IOException | AssertionError e) {
        return new Started(null, e);
      }
    }

    Cluster cluster() {
      if (running == null) {
        throw new AssertionError("the cluster did not start", failure);
      }
      return running;
    }

    @Override
    public void close() throws IOException {
      if (running != null) {
        running.close();
      }
    }
  }
}
