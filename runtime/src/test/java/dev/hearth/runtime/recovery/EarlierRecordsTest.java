package dev.hearth.runtime.recovery;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import dev.hearth.runtime.model.Adjustment;
import dev.hearth.runtime.model.ContainerRecord;
import dev.hearth.runtime.model.GivenDevice;
import dev.hearth.runtime.model.PodRecord;
import dev.hearth.runtime.model.PodState;
import dev.hearth.runtime.store.RecordStore;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Records as the first version of their form had them: an update must not lose what runs. */
class EarlierRecordsTest {
  private final FileSystem files = Jimfs.newFileSystem(Configuration.unix());

  @AfterEach
  void close() throws Exception {
    files.close();
  }

  @Test
  void aPodsIsReadAsOneThatIsAsItsRequestSays() throws Exception {
    PodRecord pod = load("pod", PodRecord.class);

    assertThat(pod.usersChosen()).isFalse();
    assertThat(pod.state()).isEqualTo(new PodState.Ready(List.of("10.88.0.2")));
    assertThat(pod.spec().namespaces().user()).isEmpty();
  }

  @Test
  void aContainersDevicesAreTheNodesOwnAtTheirPathForEveryUse() throws Exception {
    ContainerRecord container = load("container", ContainerRecord.class);

    assertThat(container.adjustment().map(Adjustment::devices).orElseThrow())
        .containsExactly(new GivenDevice("/dev/gpu", "/dev/gpu", false, 195, 0, "rwm", 0666, 0, 0));
  }

  private <T> T load(String kind, Class<T> type) throws Exception {
    byte[] body;
    try (InputStream in =
        requireNonNull(
            EarlierRecordsTest.class.getResourceAsStream("/records/" + kind + ".json"))) {
      body = in.readAllBytes();
    }
    CRC32C sum = new CRC32C();
    sum.update(ByteBuffer.wrap(body));
    Path directory = Files.createDirectory(files.getPath("/" + kind));
    Path file = directory.resolve("one");
    Files.writeString(file, "hearth %s 1 %08x\n".formatted(kind, sum.getValue()));
    Files.write(file, body, StandardOpenOption.APPEND);
    RecordStore.Loaded<T> loaded = RecordStore.open(directory, kind, 1, type, false).load();
    assertThat(loaded.setAside()).isEmpty();
    return requireNonNull(loaded.records().get("one"));
  }
}
