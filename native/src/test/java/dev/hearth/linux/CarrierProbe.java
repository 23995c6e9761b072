package dev.hearth.linux;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A program of its own, in which the virtual thread that asked for a namespace can only go on on a
 * carrier started for it, since all others are held: prints the names of threads that are in
 * another network namespace afterwards.
 */
final class CarrierProbe {
  private static final Duration LONG = Duration.ofSeconds(30);

  private CarrierProbe() {}

  public static void main(String[] arguments) throws Exception {
    NativeCalls.load();
    try (Opens.Pipe hold = Opens.pipe();
        Opens.Pipe carriers = Opens.pipe()) {
      var inside = new CountDownLatch(1);
      Thread asker =
          Thread.ofVirtual()
              .start(() ->
                  unchecked(() ->
                      Namespaces.<Boolean, LinuxException>inNew(
                          EnumSet.of(Namespace.NETWORK),
                          () -> {
                            inside.countDown();
                            await(hold.reader());
                            return true;
                          })));
      inside.await();
      List<Thread> holders = holdEveryCarrier(carriers.reader());
      Descriptors.writeAll(hold.writer(), OpensTest.bytes("x"));
      asker.join();
      Set<String> elsewhere = NamespacesIT.threadsElsewhere(Namespace.NETWORK);
      Descriptors.writeAll(carriers.writer(), OpensTest.bytes("x"));
      for (Thread holder : holders) {
        holder.join();
      }
      elsewhere.remove("namespace"); // ended for Java, perhaps not yet for the kernel
      System.out.println("elsewhere: " + elsewhere);
    }
  }

  /** Pins one carrier after the other until there is none left to take up work. */
  private static List<Thread> holdEveryCarrier(Fd until) throws Exception {
    List<Thread> holders = new ArrayList<>();
    var pinned = new AtomicInteger();
    while (pinned.get() < carriers()) {
      int before = pinned.get();
      holders.add(
          Thread.ofVirtual()
              .start(() ->
                  unchecked(() -> {
                    pinned.incrementAndGet();
                    return await(until);
                  })));
      while (pinned.get() == before) {
        Thread.sleep(1);
      }
    }
    return holders;
  }

  private static int carriers() throws Exception {
    int count = 0;
    for (String name : NamespacesIT.threadNames()) {
      if (name.startsWith("ForkJoinPool-1-")) {
        count++;
      }
    }
    return count;
  }

  /** Waits in the kernel. */
  private static boolean await(Fd fd) throws LinuxException {
    return Descriptors.poll(List.of(new Descriptors.Interest(fd, true, false)), LONG).isPresent();
  }

  private interface Checked {
    boolean run() throws Exception;
  }

  private static void unchecked(Checked body) {
    try {
      if (!body.run()) {
        throw new IllegalStateException("waited in vain");
      }
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** Runs it in a virtual machine of its own and returns what it prints. */
  static String run() throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-Xshare:auto",
                "-Djdk.virtualThreadScheduler.parallelism=16",
                "-cp",
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path")),
                CarrierProbe.class.getName())
            .redirectErrorStream(true)
            .start();
    String output =
        new String(
            process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
    return "exit " + process.waitFor() + ", " + output.strip();
  }
}
