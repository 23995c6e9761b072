package dev.hearth.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.linux.testing.NeedsRoot;
import dev.hearth.proto.cri.v1.AttachRequest;
import dev.hearth.proto.cri.v1.ContainerConfig;
import dev.hearth.proto.cri.v1.ExecRequest;
import dev.hearth.testing.Await;
import dev.hearth.testing.Pods;
import dev.hearth.testing.SpdyClient;
import dev.hearth.testing.TestBed;
import dev.hearth.testing.TestPod;
import dev.hearth.testing.WebSocketClient;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Exec and attach, frame by frame. */
@NeedsRoot
class StreamE2E {
  @RegisterExtension static final TestBed BED = new TestBed();

  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final String V4 = "v4.channel.k8s.io";
  private static final String SUCCESS = "{\"metadata\":{},\"status\":\"Success\"}";
  private static final int LARGE = 100 << 20;

  private TestPod pod;
  private String container;

  @BeforeEach
  void runContainer() {
    pod = new TestPod(BED, Pods.pod("streams", BED.home().logs()));
    container = run(Pods.container("main", BED.busybox(), "sleep", "1000"));
  }

  @AfterEach
  void removePod() {
    pod.close();
  }

  private String run(ContainerConfig config) {
    String id = BED.cri().create(pod.id(), pod.config(), config);
    BED.cri().start(id);
    return id;
  }

  // Requests

  private ExecRequest.Builder command(String... words) {
    return ExecRequest.newBuilder()
        .setContainerId(container)
        .addAllCmd(List.of(words))
        .setStdout(true);
  }

  private static String url(ExecRequest.Builder request) {
    return BED.cri().runtime().exec(request.build()).getUrl();
  }

  private static String attachUrl(AttachRequest.Builder request) {
    return BED.cri().runtime().attach(request.build()).getUrl();
  }

  private static void assertRefused(ExecRequest.Builder request, Status.Code code) {
    assertThatThrownBy(() -> url(request))
        .isInstanceOfSatisfying(
            StatusRuntimeException.class, e -> assertThat(e.getStatus().getCode()).isEqualTo(code));
  }

  @Test
  void whatCannotBeIsRefusedBeforeAnAddressIsGiven() {
    assertRefused(command("true").setStdout(false), Status.Code.INVALID_ARGUMENT);
    assertRefused(command("true").setTty(true).setStderr(true), Status.Code.INVALID_ARGUMENT);
    assertRefused(command(), Status.Code.INVALID_ARGUMENT);
    assertRefused(command("true").setContainerId(""), Status.Code.INVALID_ARGUMENT);
    assertRefused(command("true").setContainerId("f".repeat(64)), Status.Code.NOT_FOUND);
    BED.cri().stop(container, Duration.ZERO);
    assertRefused(command("true"), Status.Code.FAILED_PRECONDITION);
  }

  // Addresses

  @Test
  void anAddressWorksOnceAndOnlyForWhatItWasGivenFor() throws IOException {
    String url = url(command("true"));
    assertThat(url).matches("http://127\\.0\\.0\\.1:[0-9]+/exec/[A-Za-z0-9_-]{43}");
    try (SpdyClient first = SpdyClient.connect(url, V4);
        SpdyClient second = SpdyClient.connect(url, V4)) {
      assertThat(first.head()).startsWith("HTTP/1.1 101").contains(V4);
      assertThat(second.head()).startsWith("HTTP/1.1 404");
    }
    String other = url(command("true")).replace("/exec/", "/attach/");
    try (SpdyClient client = SpdyClient.connect(other, V4)) {
      assertThat(client.head()).startsWith("HTTP/1.1 404");
    }
  }

  @Test
  void aProtocolThatIsNotSpokenIsRefusedWithThoseThatAre() throws IOException {
    try (SpdyClient client = SpdyClient.connect(url(command("true")), "v9.channel.k8s.io")) {
      assertThat(client.head())
          .startsWith("HTTP/1.1 403")
          .containsIgnoringCase("x-accepted-stream-protocol-versions: " + V4);
    }
  }

  // Exec over SPDY

  @Test
  void outputErrorAndExitCodeAreApart() throws IOException {
    String url = url(command("sh", "-c", "echo out; echo err >&2; exit 3").setStderr(true));
    try (SpdyClient client = SpdyClient.connect(url, V4)) {
      int error = client.open("error");
      int stdout = client.open("stdout");
      int stderr = client.open("stderr");
      assertThat(client.text(stdout)).isEqualTo("out\n");
      assertThat(client.text(stderr)).isEqualTo("err\n");
      assertThat(client.text(error))
          .contains(
              "\"reason\":\"NonZeroExitCode\"", "{\"reason\":\"ExitCode\",\"message\":\"3\"}");
      assertThat(client.saidGoodbye()).isTrue();
    }
  }

  @Test
  void aCommandThatIsNotThereIsNamed() throws IOException {
    try (SpdyClient client = SpdyClient.connect(url(command("no-such-command")), V4)) {
      int error = client.open("error");
      int stdout = client.open("stdout");
      assertThat(client.text(stdout)).isEmpty();
      assertThat(client.text(error)).contains("InternalError", "no-such-command");
    }
  }

  @Test
  void theEndOfStdinIsSeenWhileOutputGoesOn() throws IOException {
    String url = url(command("sh", "-c", "cat; echo and more").setStdin(true));
    try (SpdyClient client = SpdyClient.connect(url, V4)) {
      int error = client.open("error");
      int stdin = client.open("stdin");
      int stdout = client.open("stdout");
      client.send(stdin, "some\n");
      client.textWith(stdout, "some\n");
      client.finish(stdin);
      assertThat(client.text(stdout)).isEqualTo("some\nand more\n");
      assertThat(client.text(error)).isEqualTo(SUCCESS);
    }
  }

  @Test
  void aTerminalMergesOutputsAndIsResized() throws IOException {
    String script =
        "test -t 0 && echo terminal >&2; until stty size 2>/dev/null | grep -q '40 100'; do"
            + " usleep 10000; done; echo resized";
    String url = url(command("sh", "-c", script).setStdin(true).setTty(true));
    try (SpdyClient client = SpdyClient.connect(url, V4)) {
      int error = client.open("error");
      client.open("stdin");
      int stdout = client.open("stdout");
      int resize = client.open("resize");
      client.textWith(stdout, "terminal\r\n");
      client.send(resize, "{\"Width\":80,\"Height\":24}\n{\"Width\":1");
      client.send(resize, "00,\"Height\":40}");
      assertThat(client.text(stdout)).isEqualTo("terminal\r\nresized\r\n");
      assertThat(client.text(error)).isEqualTo(SUCCESS);
    }
  }

  @Test
  void theEndOfStdinEndsWhoReadsATerminal() throws IOException {
    String url = url(command("cat").setStdin(true).setTty(true));
    try (SpdyClient client = SpdyClient.connect(url, V4)) {
      int error = client.open("error");
      int stdin = client.open("stdin");
      int stdout = client.open("stdout");
      client.open("resize");
      client.finish(stdin);
      client.text(stdout);
      assertThat(client.text(error)).isEqualTo(SUCCESS);
    }
  }

  @Test
  void anOlderClientIsToldInPlainText() throws IOException {
    try (SpdyClient client = SpdyClient.connect(url(command("sh", "-c", "exit 7")))) {
      int error = client.open("error");
      int stdout = client.open("stdout");
      assertThat(client.text(stdout)).isEmpty();
      assertThat(client.text(error)).endsWith("exit status 7");
    }
  }

  @Test
  void muchGoesBothWaysAtOnce() throws Exception {
    try (SpdyClient client = SpdyClient.connect(url(command("cat").setStdin(true)), V4)) {
      int error = client.open("error");
      int stdin = client.open("stdin");
      int stdout = client.open("stdout");
      client.countOnly(stdout);
      Thread sender =
          Thread.ofPlatform()
              .start(() -> {
                byte[] block = new byte[1 << 20];
                try {
                  for (int sent = 0; sent < LARGE; sent += block.length) {
                    client.send(stdin, block);
                  }
                  client.finish(stdin);
                } catch (IOException e) {
                  // The count will tell.
                }
              });
      assertThat(client.count(stdout)).isEqualTo(LARGE);
      sender.join();
      assertThat(client.text(error)).isEqualTo(SUCCESS);
    }
  }

  @Test
  void aSlowReaderHoldsUpItsOwnCommandAlone() throws IOException {
    String url = url(command("sh", "-c", "head -c 20000000 /dev/zero; echo >/tmp/written"));
    try (SpdyClient slow = SpdyClient.connect(url, V4)) {
      int error = slow.open("error");
      int stdout = slow.open("stdout");
      slow.countOnly(stdout);
      assertThat(BED.cri().exec(container, "echo", "quick").getStdout().toStringUtf8())
          .isEqualTo("quick\n");
      assertThat(BED.cri().exec(container, "test", "-e", "/tmp/written").getExitCode()).isOne();
      assertThat(slow.count(stdout)).isEqualTo(20_000_000);
      assertThat(slow.text(error)).isEqualTo(SUCCESS);
    }
  }

  @Test
  void aClientThatVanishesTakesStdinWithItAndNothingElse() throws IOException {
    String script =
        "echo ready; cat >/dev/null; echo spoken to nobody; echo >/tmp/ended; sleep 999";
    try (SpdyClient client =
        SpdyClient.connect(url(command("sh", "-c", script).setStdin(true)), V4)) {
      client.open("error");
      client.open("stdin");
      client.textWith(client.open("stdout"), "ready\n");
    }
    Await.until(
        "the command to see the end of its stdin",
        LIMIT,
        () -> BED.cri().exec(container, "test", "-e", "/tmp/ended").getExitCode() == 0);
    assertThat(BED.cri().exec(container, "pidof", "sleep").getStdout().toStringUtf8().split(" "))
        .as("the container's own and the command's")
        .hasSize(2);
  }

  @Test
  void aPingIsAnswered() throws IOException {
    try (SpdyClient client = SpdyClient.connect(url(command("sleep", "10")), V4)) {
      assertThat(client.ping(1)).isTrue();
    }
  }

  // Exec over WebSocket

  @Test
  void aClientOfVersionFiveEndsStdin() throws Exception {
    String url = url(command("sh", "-c", "wc -c; exit 4").setStdin(true));
    try (WebSocketClient client = WebSocketClient.connect(url, "v5.channel.k8s.io")) {
      client.send(0, "12345".getBytes(UTF_8));
      client.send(255, new byte[] {0});
      client.awaitClose();
      assertThat(client.text(1)).isEqualTo("5\n");
      assertThat(client.text(3)).contains("\"message\":\"4\"");
      assertThat(client.closeStatus()).isEqualTo(1000);
    }
  }

  @Test
  void aMessageMayComeInPieces() throws Exception {
    String url = url(command("cat").setStdin(true));
    try (WebSocketClient client = WebSocketClient.connect(url, "v5.channel.k8s.io")) {
      client.sendInPieces(0, "one ".getBytes(UTF_8), "two ".getBytes(UTF_8), new byte[] {'3'});
      client.send(255, new byte[] {0});
      client.awaitClose();
      assertThat(client.text(1)).isEqualTo("one two 3");
    }
  }

  @Test
  void versionFourResizesAndGetsAStatus() throws Exception {
    String script =
        "until stty size 2>/dev/null | grep -q '40 100'; do usleep 10000; done; echo resized";
    String url = url(command("sh", "-c", script).setStdin(true).setTty(true));
    try (WebSocketClient client = WebSocketClient.connect(url, V4)) {
      client.send(4, "{\"Width\":100,\"Height\":40}".getBytes(UTF_8));
      client.awaitClose();
      assertThat(client.text(1)).isEqualTo("resized\r\n");
      assertThat(client.text(3)).isEqualTo(SUCCESS);
    }
  }

  // Attach

  private String shell(boolean once) {
    return run(
        Pods.container("shell", BED.busybox(), "sh").toBuilder()
            .setStdin(true)
            .setStdinOnce(once)
            .build());
  }

  private static AttachRequest.Builder attach(String id) {
    return AttachRequest.newBuilder().setContainerId(id).setStdout(true);
  }

  @Test
  void attachedClientsSeeAllFromThenOnAndTheOneBeforeIsNotRepeated() throws IOException {
    String id = shell(true);
    try (SpdyClient writer = SpdyClient.connect(attachUrl(attach(id).setStdin(true)), V4)) {
      int error = writer.open("error");
      int stdin = writer.open("stdin");
      int stdout = writer.open("stdout");
      writer.send(stdin, "echo before\n");
      writer.textWith(stdout, "before\n");
      try (SpdyClient reader = SpdyClient.connect(attachUrl(attach(id)), V4)) {
        int readerError = reader.open("error");
        int readerOut = reader.open("stdout");
        // It is attached when it sees this.
        writer.send(stdin, "until test -e /tmp/go; do echo tick; usleep 10000; done\n");
        reader.textWith(readerOut, "tick\n");
        BED.cri().exec(id, "touch", "/tmp/go");
        writer.send(stdin, "for i in $(seq 2000); do echo line $i; done\n");
        writer.finish(stdin);
        String lines = lines(reader.text(readerOut));
        assertThat(lines).doesNotContain("before").startsWith("line 1\n").endsWith("line 2000\n");
        assertThat(lines.lines()).hasSize(2000);
        assertThat(lines(writer.text(stdout))).isEqualTo("before\n" + lines);
        assertThat(reader.text(readerError)).isEqualTo(SUCCESS);
        assertThat(writer.text(error)).isEqualTo(SUCCESS);
      }
    }
  }

  private static String lines(String text) {
    return text.replace("tick\n", "");
  }

  @Test
  void theEndOfStdinThatIsKeptEndsTheAttachmentAlone() throws IOException {
    String id = shell(false);
    for (int i = 0; i < 2; i++) {
      try (SpdyClient client = SpdyClient.connect(attachUrl(attach(id).setStdin(true)), V4)) {
        int error = client.open("error");
        int stdin = client.open("stdin");
        int stdout = client.open("stdout");
        client.send(stdin, "echo once more\n");
        client.textWith(stdout, "once more\n");
        client.finish(stdin);
        assertThat(client.text(error)).isEqualTo(SUCCESS);
      }
    }
    assertThat(Pods.processes(id)).hasSize(1);
  }

  @Test
  void anAttachedClientThatReadsNothingIsLetGoAndTheLogGoesOn() throws IOException {
    String id =
        run(
            Pods.container(
                "talker",
                BED.busybox(),
                "sh",
                "-c",
                "until test -e /tmp/go; do echo tick; usleep 10000; done;"
                    + " head -c 40000000 /dev/zero; echo >/tmp/said; sleep 1000"));
    try (SpdyClient client = SpdyClient.connect(attachUrl(attach(id)), V4)) {
      int error = client.open("error");
      int stdout = client.open("stdout");
      client.textWith(stdout, "tick\n");
      client.countOnly(stdout);
      BED.cri().exec(id, "touch", "/tmp/go");
      Await.until(
          "the container to have said it all",
          LIMIT,
          () -> BED.cri().exec(id, "test", "-e", "/tmp/said").getExitCode() == 0);
      assertThat(client.count(stdout)).isLessThan(40_000_000);
      assertThat(client.text(error)).contains("too slowly");
    }
  }

  @Test
  void severalClientsWriteToOneContainerAndNothingIsLost() throws Exception {
    String id =
        run(
            Pods.container(
                    "listener",
                    BED.busybox(),
                    "sh",
                    "-c",
                    "read one; read two; echo $one and $two; head -c 120000 | tr -cd a | wc -c;"
                        + " sleep 1000")
                .toBuilder()
                .setStdin(true)
                .build());
    String first = attachUrl(attach(id).setStdin(true));
    String second = attachUrl(attach(id).setStdin(true));
    try (SpdyClient spdy = SpdyClient.connect(first, V4);
        WebSocketClient webSocket = WebSocketClient.connect(second, "v5.channel.k8s.io")) {
      spdy.open("error");
      int stdin = spdy.open("stdin");
      int stdout = spdy.open("stdout");
      webSocket.send(0, "one\n".getBytes(UTF_8));
      spdy.send(stdin, "two\n");
      Await.until(
          "both lines to be read",
          LIMIT,
          () ->
              Pods.logLines(pod.config(), listener()).stream().anyMatch(l -> l.contains(" and ")));
      assertThat(Pods.logLines(pod.config(), listener()).getFirst())
          .matches(".*(one and two|two and one)");
      Thread sender =
          Thread.ofPlatform()
              .start(() -> {
                try {
                  for (int i = 0; i < 60; i++) {
                    webSocket.send(0, "a".repeat(1000).getBytes(UTF_8));
                  }
                } catch (IOException | InterruptedException e) {
                  // The count will tell.
                }
              });
      for (int i = 0; i < 60; i++) {
        spdy.send(stdin, "b".repeat(1000));
      }
      sender.join();
      spdy.textWith(stdout, "60000\n");
      webSocket.awaitText(1, "60000\n");
    }
  }

  private static ContainerConfig listener() {
    return Pods.container("listener", BED.busybox());
  }

  @Test
  void clientsOfATerminalWriteAndResizeIt() throws Exception {
    String id =
        run(
            Pods.container(
                    "terminal",
                    BED.busybox(),
                    "sh",
                    "-c",
                    "while read rows columns; do until test \"$(stty size)\" = \"$rows $columns\";"
                        + " do usleep 10000; done; echo now $rows by $columns; done")
                .toBuilder()
                .setStdin(true)
                .setTty(true)
                .build());
    AttachRequest.Builder terminal = attach(id).setStdin(true).setTty(true);
    try (SpdyClient spdy = SpdyClient.connect(attachUrl(terminal), V4);
        WebSocketClient webSocket =
            WebSocketClient.connect(attachUrl(terminal), "v5.channel.k8s.io")) {
      spdy.open("error");
      int stdin = spdy.open("stdin");
      int stdout = spdy.open("stdout");
      int resize = spdy.open("resize");
      spdy.send(resize, "{\"Width\":100,\"Height\":40}");
      spdy.send(stdin, "40 100\n");
      spdy.textWith(stdout, "now 40 by 100\r\n");
      webSocket.send(4, "{\"Width\":120,\"Height\":50}".getBytes(UTF_8));
      webSocket.send(0, "50 120\n".getBytes(UTF_8));
      webSocket.awaitText(1, "now 50 by 120\r\n");
      spdy.textWith(stdout, "now 50 by 120\r\n");
    }
  }
}
