package dev.hearth.runtime.cdi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.runtime.model.EnvironmentVariable;
import dev.hearth.runtime.model.HearthException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CdiDevicesTest {
  @TempDir Path folder;

  private Path low = Path.of("/");
  private Path high = Path.of("/");
  private CdiDevices devices = new CdiDevices(List.of());

  @BeforeEach
  void makeFolders() throws IOException {
    low = Files.createDirectory(folder.resolve("etc"));
    high = Files.createDirectory(folder.resolve("run"));
    devices = new CdiDevices(List.of(low, high, folder.resolve("absent")));
  }

  private static void describe(Path file, String device, String edits) throws IOException {
    Files.writeString(
        file,
        """
        {"cdiVersion": "0.5.0", "kind": "vendor.com/gpu", "containerEdits": {"env": ["FILE=%s"]},
         "devices": [{"name": "%s", "containerEdits": {%s}}]}
        """
            .formatted(file.getFileName(), device, edits));
  }

  private static void describe(Path file, String device) throws IOException {
    describe(file, device, "\"env\": [\"DEVICE=" + device + "\"]");
  }

  private List<String> environment(String... names) {
    return devices.edits(List.of(names)).environment().stream()
        .map(variable -> variable.key() + "=" + variable.value())
        .toList();
  }

  @Test
  void aFilesOwnEditsComeOnceAndBeforeThoseOfItsDevices() throws Exception {
    Files.writeString(
        low.resolve("two.yaml"),
        """
        cdiVersion: "0.5.0"
        kind: vendor.com/gpu
        containerEdits: {env: [ALL=1]}
        devices:
          - {name: a, containerEdits: {env: [A=1]}}
          - {name: b, containerEdits: {env: [B=1]}}
        """);

    assertThat(environment("vendor.com/gpu=b", "vendor.com/gpu=a", "vendor.com/gpu=b"))
        .containsExactly("ALL=1", "B=1", "A=1");
  }

  @Test
  void aLaterFolderStandsAboveAnEarlierOne() throws Exception {
    describe(low.resolve("low.json"), "a");
    describe(low.resolve("twin.json"), "a");
    describe(high.resolve("high.json"), "a");

    assertThat(environment("vendor.com/gpu=a")).contains("FILE=high.json");
    assertThat(devices.overview().problems()).isEmpty();
  }

  @Test
  void whatOneFolderDescribesTwiceIsRefusedAndNothingElse() throws Exception {
    describe(low.resolve("one.json"), "a");
    describe(low.resolve("two.json"), "a");
    describe(low.resolve("three.json"), "b");

    assertThatThrownBy(() -> environment("vendor.com/gpu=a"))
        .isInstanceOf(HearthException.InvalidRequest.class)
        .hasMessageContaining("one.json")
        .hasMessageContaining("two.json");
    assertThat(environment("vendor.com/gpu=b")).contains("DEVICE=b");
    assertThat(devices.overview().devices()).containsExactly("vendor.com/gpu=b");
    assertThat(devices.overview().problems()).singleElement().asString().contains("gpu=a");
  }

  @Test
  void aBrokenFileIsToldOfAndHarmsOnlyItsOwn() throws Exception {
    describe(low.resolve("good.json"), "a");
    Files.writeString(low.resolve("bad.yaml"), "cdiVersion: [");
    Files.writeString(low.resolve("README"), "not one of them");
    Files.createDirectory(low.resolve("folder.json"));

    assertThat(environment("vendor.com/gpu=a")).contains("DEVICE=a");
    assertThat(devices.overview().problems()).singleElement().asString().contains("bad.yaml");
    assertThatThrownBy(() -> environment("vendor.com/gpu=b"))
        .hasMessageContaining("vendor.com/gpu=b")
        .hasMessageContaining("bad.yaml");
  }

  @Test
  void whatADeviceWantsInVainIsNamed() throws Exception {
    describe(
        low.resolve("hook.json"),
        "a",
        "\"hooks\": [{\"hookName\": \"createContainer\", \"path\": \"/bin/hook\"}]");

    assertThatThrownBy(() -> environment("vendor.com/gpu=a"))
        .isInstanceOf(HearthException.Unsupported.class)
        .hasMessageContaining("vendor.com/gpu=a")
        .hasMessageContaining("createContainer /bin/hook");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "gpu",
        "vendor.com/gpu",
        "vendor.com=a",
        "/gpu=a",
        "vendor.com/gpu=",
        "vendor.com/gpu=../../../etc/shadow",
        "../vendor/gpu=a",
        "vendor.com/gpu=a\n"
      })
  void aNameThatIsNoneIsRefused(String name) {
    assertThatThrownBy(() -> environment(name))
        .isInstanceOf(HearthException.InvalidRequest.class)
        .hasMessageContaining("vendor/class=device");
  }

  @Test
  void filesMayComeAndGo() throws Exception {
    assertThatThrownBy(() -> environment("vendor.com/gpu=a"))
        .isInstanceOf(HearthException.InvalidRequest.class);
    describe(high.resolve("new.json"), "a");
    assertThat(devices.edits(List.of("vendor.com/gpu=a")).environment())
        .contains(new EnvironmentVariable("DEVICE", "a"));
    Files.delete(high.resolve("new.json"));
    assertThatThrownBy(() -> environment("vendor.com/gpu=a"))
        .isInstanceOf(HearthException.InvalidRequest.class);
  }
}
