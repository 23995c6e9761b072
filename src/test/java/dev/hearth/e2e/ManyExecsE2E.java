package dev.hearth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.linux.testing.NeedsRoot;
import dev.hearth.proto.cri.v1.ExecRequest;
import dev.hearth.testing.Await;
import dev.hearth.testing.Pods;
import dev.hearth.testing.SpdyClient;
import dev.hearth.testing.TestBed;
import dev.hearth.testing.TestPod;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * What is left of many commands: no descriptor, thread or process, and no memory in the shim. The
 * property {@code hearth.execs} says how many; the bench suite {@code exec} weighs the daemon too.
 */
@NeedsRoot
class ManyExecsE2E {
  @RegisterExtension static final TestBed BED = new TestBed();

  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final int MANY = Integer.getInteger("hearth.execs", 200);

  /** The daemon's pools come and go by a few, its collector and compilers with the load. */
  private static final int FEW = 8;

  /** Commands that have no part in the comparison: pools fill and classes load. */
  private static final int WARM_UPS = 20;

  private static final String VERSION_4 = "v4.channel.k8s.io";
  private static final String SUCCESS = "{\"metadata\":{},\"status\":\"Success\"}";

  @Test
  void manySynchronousOnesLeaveNothingBehind() {
    assertNothingIsLeftOf(id ->
        assertThat(BED.cri().exec(id, "echo", "x").getStdout().toStringUtf8()).isEqualTo("x\n"));
  }

  @Test
  void manyStreamedOnesLeaveNothingBehind() {
    assertNothingIsLeftOf(ManyExecsE2E::stream);
  }

  private static void stream(String id) {
    String url =
        BED.cri()
            .runtime()
            .exec(
                ExecRequest.newBuilder()
                    .setContainerId(id)
                    .addCmd("echo")
                    .addCmd("x")
                    .setStdout(true)
                    .build())
            .getUrl();
    try (SpdyClient client = SpdyClient.connect(url, VERSION_4)) {
      int error = client.open("error");
      int stdout = client.open("stdout");
      assertThat(client.text(stdout)).isEqualTo("x\n");
      assertThat(client.text(error)).isEqualTo(SUCCESS);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** One command in the container that is named. */
  private interface Command {
    void run(String containerId);
  }

  private static void assertNothingIsLeftOf(Command command) {
    try (TestPod pod = TestPod.of(BED, "many", linux -> {})) {
      String id = pod.start(pod.script("sleeper", "exec sleep 10000", linux -> {}));
      long daemon = BED.daemon().pid();
      long shim = parent(Pods.pid(BED.cri(), id));
      repeat(command, id, WARM_UPS);
      long threads = count(daemon, "task");
      long descriptors = count(daemon, "fd");
      long ofShim = count(shim, "fd");
      long memory = kilobytes(shim);
      repeat(command, id, MANY);
      Await.until(
          () -> "no more descriptors than " + descriptors + ": " + count(daemon, "fd"),
          LIMIT,
          () -> count(daemon, "fd") <= descriptors + 2 && count(shim, "fd") <= ofShim);
      assertThat(count(daemon, "task")).as("threads").isLessThanOrEqualTo(threads + FEW);
      assertThat(kilobytes(shim)).as("kilobytes of the shim's own").isLessThanOrEqualTo(memory + 8);
      assertThat(Pods.processes(id)).as("processes of the container").hasSize(1);
      assertThat(children(shim)).as("processes of the shim").isOne();
    }
  }

  private static void repeat(Command command, String id, int times) {
    for (int i = 0; i < times; i++) {
      command.run(id);
    }
  }

  private static long count(long pid, String folder) {
    try (Stream<Path> entries = Files.list(Pods.processFolder(pid).resolve(folder))) {
      return entries.count();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static long children(long pid) {
    return ProcessHandle.of(pid).orElseThrow().children().count();
  }

  private static long parent(long pid) {
    return ProcessHandle.of(pid).flatMap(ProcessHandle::parent).orElseThrow().pid();
  }

  /** Memory that only this process has, proc_pid_smaps(5): its anonymous pages. */
  private static long kilobytes(long pid) {
    try (Stream<String> lines = Files.lines(Pods.processFolder(pid).resolve("smaps_rollup"))) {
      return lines
          .filter(line -> line.startsWith("Private_Dirty:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
          .sum();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
