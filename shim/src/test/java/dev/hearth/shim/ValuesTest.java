package dev.hearth.shim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.jimfs.Jimfs;
import dev.hearth.linux.MountAttribute;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class ValuesTest {
  private static final String RECORD =
      """
      hearth-exit 1
      pid 4711
      started 1767225600000000001
      finished 1767225601500000000
      code 0
      signal 9
      oom-kills 1
      lost-log-bytes 12
      """;

  @Test
  void anExitRecordIsRead() {
    ExitRecord record = ExitRecord.parse(RECORD);
    assertThat(record.pid()).isEqualTo(4711);
    assertThat(record.startedAt()).isEqualTo(Instant.parse("2026-01-01T00:00:00.000000001Z"));
    assertThat(record.exit())
        .isEqualTo(new ContainerExit(0, 9, Instant.parse("2026-01-01T00:00:01.5Z"), 1));
    assertThat(record.exit().shellCode()).isEqualTo(137);
    assertThat(record.lostLogBytes()).isEqualTo(12);
  }

  @Test
  void linesOfALaterReleaseArePassedOver() {
    assertThat(ExitRecord.parse(RECORD + "more 5\n").pid()).isEqualTo(4711);
  }

  @Test
  void aTornExitRecordIsAnError() throws IOException {
    try (FileSystem files = Jimfs.newFileSystem()) {
      Path path = files.getPath("/exit");
      assertThat(ExitRecord.read(path)).isEmpty();
      for (int length = 0; length < RECORD.length() - "lost-log-bytes 1".length(); length += 3) {
        Files.writeString(path, RECORD.substring(0, length));
        assertThatThrownBy(() -> ExitRecord.read(path))
            .isInstanceOf(IOException.class)
            .hasMessage("not an exit record: /exit");
      }
      Files.writeString(path, RECORD.replace("hearth-exit 1", "hearth-exit 2"));
      assertThatThrownBy(() -> ExitRecord.read(path)).isInstanceOf(IOException.class);
    }
  }

  @Test
  void idsAreMappedAsTheKernelMapsThem() {
    IdMaps maps =
        new IdMaps(
            List.of(new IdMaps.Range(0, 100_000, 1000), new IdMaps.Range(1000, 5, 1)),
            List.of(new IdMaps.Range(0, 0, -1)));
    assertThat(maps.hostUser(0)).isEqualTo(100_000);
    assertThat(maps.hostUser(999)).isEqualTo(100_999);
    assertThat(maps.hostUser(1000)).isEqualTo(5);
    assertThatThrownBy(() -> maps.hostUser(1001)).isInstanceOf(IllegalArgumentException.class);
    assertThat(maps.hostGroup(0xFFFF_FFFE)).isEqualTo(0xFFFF_FFFE);
    assertThat(IdMaps.text(maps.users())).isEqualTo("0 100000 1000\n1000 5 1\n");
    assertThat(IdMaps.text(maps.groups())).isEqualTo("0 0 4294967295\n");
  }

  @Test
  void aChangeOfAccessTimesClearsThemAll() {
    MountChange change =
        MountChange.setting(false, Set.of(MountAttribute.NO_ACCESS_TIME, MountAttribute.READ_ONLY));
    assertThat(change.setBits()).isEqualTo(0x11);
    assertThat(change.clearBits()).isEqualTo(0x70);
    assertThat(MountChange.mappingIds(true).setBits()).isEqualTo(0x100000);
  }

  @Test
  void aReportIsRead() {
    ByteBuffer bytes = ByteBuffer.allocate(Report.SIZE).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putShort((short) 3).putShort((short) 0x205).putInt(7).putInt(2).putInt(0);
    bytes.putLong(0).putLong(0).put("open /x".getBytes(StandardCharsets.UTF_8));
    Report report = Report.read(bytes.rewind());
    assertThat(report).isEqualTo(new Report(3, 0x205, 7, 2, 0, 0, 0, "open /x"));
    assertThat(bytes.hasRemaining()).isFalse();
  }

  @Test
  void aFailureIsToldByItsStep() {
    Plan plan = Plan.of(PlanKind.LAUNCH, List.of(new FileStep.Mask("/proc/x")));
    assertThat(StartFailure.of(plan, Report.failure(0x209, 0, 13, "open /proc/x")))
        .hasMessage("mask /proc/x: open /proc/x: permission denied");
    assertThat(StartFailure.of(plan, Report.failure(4, -1, 11, "clone a process")))
        .hasMessage("make the process: clone a process: resource temporarily unavailable");
    assertThat(StartFailure.of(plan, Report.failure(99, -1, 9999, "x")))
        .hasMessage("start: x: error 9999");
  }

  @Test
  void impossibleValuesAreRefused() {
    assertThatThrownBy(() -> new WindowSize(-1, 0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new SeccompFilter(List.of(), 0))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Workbench.program()).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Supervision.Log(Path.of("log"), 10))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Supervision.of(Path.of("x"), Path.of("/y")))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new IdMaps(List.of(), List.of()))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
