package dev.hearth.kubernetes;

import dev.hearth.testing.Await;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;

/**
 * Many pods at once through the kubelet.
 *
 * @param ready from the first request until all were Ready
 * @param gone from the first request to delete them until the API had none
 */
public record Burst(Duration ready, Duration gone) {
  private static final Duration LIMIT = Duration.ofMinutes(4);
  private static final Duration PAUSE = Duration.ofMillis(100);
  private static final int THREADS = 16;
  private static final String PODS = "/api/v1/namespaces/default/pods";

  /** What is done while all are Ready. */
  @FunctionalInterface
  public interface Meanwhile {
    void run() throws IOException;
  }

  private interface Work {
    void on(int number);
  }

  /**
   * Runs pods, and deletes them when the last one is Ready.
   *
   * @param image one with a shell
   */
  public static Burst of(KubeApi api, String image, int pods, Meanwhile whileReady)
      throws IOException {
    long start = System.nanoTime();
    atOnce(pods, number -> api.create(PODS, pod(image, number)));
    Await.until(() -> ready(api) + " to be all", LIMIT, PAUSE, () -> ready(api) == pods);
    Duration up = Duration.ofNanos(System.nanoTime() - start);
    whileReady.run();
    long stop = System.nanoTime();
    atOnce(pods, number -> api.delete(PODS + "/burst-" + number));
    Await.until(() -> list(api).size() + " to go", LIMIT, PAUSE, () -> list(api).isEmpty());
    return new Burst(up, Duration.ofNanos(System.nanoTime() - stop));
  }

  private static String pod(String image, int number) {
    return """
    apiVersion: v1
    kind: Pod
    metadata: {name: burst-%d}
    spec:
      terminationGracePeriodSeconds: 5
      containers: [{name: main, image: "%s", command: [sh, -c, "trap 'exit 0' TERM; while :; do sleep 0.5; done"]}]
    """
        .formatted(number, image);
  }

  private static List<Doc> list(KubeApi api) {
    return api.get(PODS + "?resourceVersion=0").at("items").items();
  }

  private static long ready(KubeApi api) {
    return list(api).stream().filter(pod -> Cluster.condition(pod, "Ready").equals("True")).count();
  }

  private static void atOnce(int pods, Work work) throws IOException {
    try (var threads = Executors.newFixedThreadPool(THREADS)) {
      List<? extends Future<?>> tasks =
          IntStream.range(0, pods)
              .mapToObj(number -> threads.submit(() -> work.on(number)))
              .toList();
      for (Future<?> task : tasks) {
        task.get();
      }
    } catch (ExecutionException e) {
      throw new IOException("a pod could not be asked for", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }
}
