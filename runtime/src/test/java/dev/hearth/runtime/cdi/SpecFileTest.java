package dev.hearth.runtime.cdi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.runtime.model.EnvironmentVariable;
import dev.hearth.runtime.model.MountSpec;
import java.nio.file.Path;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SpecFileTest {
  private static final Path JSON = Path.of("/etc/cdi/vendor.json");
  private static final Path YAML = Path.of("/etc/cdi/vendor.yaml");

  private static final String WHOLE_YAML =
      """
      ---
      cdiVersion: 0.7.0
      kind: vendor.com/net.class
      annotations: {who: we}
      containerEdits:
        env: [COMMON=1]
      devices:
        - name: 0          # a name, not a number
          containerEdits:
            deviceNodes:
              - path: /dev/card0
                hostPath: /dev/dri/card0
                type: c
                major: 226
                minor: 0x1
                permissions: rw
                fileMode: 0640
                uid: 7
                gid: 8
              - {path: /dev/other, permissions: none}
            mounts:
              - hostPath: /usr/lib/lib.so
                containerPath: /lib/lib.so
                type: bind
                options: [ro, nosuid, rbind]
            additionalGids: [44, 0]
      """;

  private static final String WHOLE_JSON =
      """
      {"cdiVersion": "0.7.0", "kind": "vendor.com/net.class", "annotations": {"who": "we"},
       "containerEdits": {"env": ["COMMON=1"]},
       "devices": [{"name": "0", "containerEdits": {
         "deviceNodes": [
           {"path": "/dev/card0", "hostPath": "/dev/dri/card0", "type": "c", "major": 226,
            "minor": 1, "permissions": "rw", "fileMode": 416, "uid": 7, "gid": 8},
           {"path": "/dev/other", "permissions": "none"}],
         "mounts": [{"hostPath": "/usr/lib/lib.so", "containerPath": "/lib/lib.so",
                     "type": "bind", "options": ["ro", "nosuid", "rbind"]}],
         "additionalGids": [44, 0]}}]}
      """;

  /** A file of one device with these edits. */
  private static String file(String version, String kind, String name, String edits) {
    return """
    {"cdiVersion": "%s", "kind": "%s",
     "devices": [{"name": "%s", "containerEdits": {%s}}]}
    """
        .formatted(version, kind, name, edits);
  }

  private static String file(String edits) {
    return file("1.1.0", "vendor.com/gpu", "a", edits);
  }

  @Test
  void saysTheSameInBothLanguages() throws Exception {
    SpecFile yaml = SpecFile.parse(YAML, WHOLE_YAML);
    SpecFile json = SpecFile.parse(JSON, WHOLE_JSON);

    assertThat(yaml.edits()).isEqualTo(json.edits());
    assertThat(yaml.devices()).isEqualTo(json.devices());
  }

  @Test
  void readsEveryFieldOfADevice() throws Exception {
    SpecFile file = SpecFile.parse(YAML, WHOLE_YAML);

    assertThat(file.edits().environment()).containsExactly(new EnvironmentVariable("COMMON", "1"));
    Edits edits = file.devices().getOrDefault("vendor.com/net.class=0", Edits.NONE);
    assertThat(edits.nodes())
        .containsExactly(
            new Edits.Node(
                "/dev/card0",
                "/dev/dri/card0",
                Edits.Kind.CHARACTER,
                226,
                1,
                "rw",
                OptionalInt.of(0640),
                OptionalLong.of(7),
                OptionalLong.of(8)),
            new Edits.Node(
                "/dev/other",
                "/dev/other",
                Edits.Kind.ANY,
                0,
                0,
                "",
                OptionalInt.empty(),
                OptionalLong.empty(),
                OptionalLong.empty()));
    MountSpec mount = edits.mounts().getFirst();
    assertThat(mount.hostPath()).isEqualTo("/usr/lib/lib.so");
    assertThat(mount.readonly()).isTrue();
    assertThat(mount.options()).containsExactly("nosuid");
    assertThat(edits.groups()).containsExactly(44L, 0L);
    assertThat(edits.impossible()).isEmpty();
  }

  @Test
  void whatHearthDoesNotDoIsKeptForTheDevicesOwnRefusal() throws Exception {
    SpecFile file =
        SpecFile.parse(
            JSON,
            file(
                """
                "hooks": [{"hookName": "createContainer", "path": "/usr/bin/hook",
                           "args": ["hook", "run"], "env": ["A=b"], "timeout": 5}],
                "netDevices": [{"hostInterfaceName": "eth1", "name": "net1"}],
                "intelRdt": {"closID": "gold", "enableMonitoring": true, "schemata": ["L3:0=f"]},
                "deviceNodes": [{"path": "/dev/pipe", "type": "p"}],
                "mounts": [{"hostPath": "tmpfs", "containerPath": "/tmp", "type": "tmpfs"}]
                """));

    assertThat(file.devices().get("vendor.com/gpu=a"))
        .extracting(Edits::impossible)
        .asInstanceOf(InstanceOfAssertFactories.LIST)
        .containsExactly(
            "a pipe at /dev/pipe",
            "a mount of type tmpfs at /tmp",
            "the hook createContainer /usr/bin/hook",
            "the network device eth1 as net1",
            "intelRdt gold");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "0.3.0 | vendor.com/gpu | a | \"mounts\": [{\"hostPath\": \"/a\", \"containerPath\":"
            + " \"/b\", \"type\": \"bind\"}] | 0.4.0",
        "0.4.0 | vendor.com/gpu | a | \"deviceNodes\": [{\"path\": \"/dev/a\", \"hostPath\":"
            + " \"/dev/b\"}] | 0.5.0",
        "0.4.0 | vendor.com/gpu | 0 | \"env\": [\"A=b\"] | 0.5.0",
        "0.5.0 | vendor.com/g.pu | a | \"env\": [\"A=b\"] | 0.6.0",
        "0.6.0 | vendor.com/gpu | a | \"additionalGids\": [1] | 0.7.0",
        "1.0.0 | vendor.com/gpu | a | \"netDevices\": [{\"hostInterfaceName\": \"a\", \"name\":"
            + " \"b\"}] | 1.1.0"
      })
  void aFieldNeedsTheVersionThatBroughtIt(
      String version, String kind, String name, String edits, String needed) throws Exception {
    assertThatThrownBy(() -> SpecFile.parse(JSON, file(version, kind, name, edits)))
        .isInstanceOf(BrokenSpecException.class)
        .hasMessageContaining(needed);
    assertThat(SpecFile.parse(JSON, file(needed, kind, name, edits)).devices()).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"unknown\": 1",
        "\"env\": [\"=value\"]",
        "\"env\": \"A=b\"",
        "\"deviceNodes\": [{\"path\": \"dev/relative\"}]",
        "\"deviceNodes\": [{\"path\": \"/dev/a\", \"type\": \"x\"}]",
        "\"deviceNodes\": [{\"path\": \"/dev/a\", \"permissions\": \"rx\"}]",
        "\"deviceNodes\": [{\"path\": \"/dev/a\", \"major\": -1}]",
        "\"deviceNodes\": [{\"path\": \"/dev/a\", \"uid\": 4294967295}]",
        "\"mounts\": [{\"hostPath\": \"relative\", \"containerPath\": \"/b\"}]",
        "\"mounts\": [{\"hostPath\": \"/a\"}]",
        "\"hooks\": [{\"hookName\": \"later\", \"path\": \"/a\"}]",
        "\"hooks\": [{\"hookName\": \"poststop\"}]",
        ""
      })
  void whatIsNotOfTheSpecificationBreaksTheFile(String edits) {
    assertThatThrownBy(() -> SpecFile.parse(JSON, file(edits)))
        .isInstanceOf(BrokenSpecException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "text",
        "[]",
        "{\"cdiVersion\": \"2.0.0\", \"kind\": \"v.com/c\", \"devices\": []}",
        "{\"cdiVersion\": \"0.5.0\", \"kind\": \"v.com\", \"devices\": []}",
        "{\"cdiVersion\": \"0.5.0\", \"kind\": \"v.com/c\", \"devices\": []}",
        "{\"cdiVersion\": \"0.5.0\", \"kind\": \"v.com/c\", \"devices\": [{\"name\": \"a/b\","
            + " \"containerEdits\": {\"env\": [\"A=b\"]}}]}",
        "{\"cdiVersion\": \"0.5.0\", \"kind\": \"../c\", \"devices\": [{\"name\": \"a\","
            + " \"containerEdits\": {\"env\": [\"A=b\"]}}]}"
      })
  void aFileThatDescribesNoDeviceIsBroken(String text) {
    assertThatThrownBy(() -> SpecFile.parse(JSON, text)).isInstanceOf(BrokenSpecException.class);
    assertThatThrownBy(() -> SpecFile.parse(YAML, text)).isInstanceOf(BrokenSpecException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"a: &a [*a]", "a: 1\na: 2", "? [list]\n: value", "a: [", "a: 1\n---\nb: 2"})
  void yamlThatIsBrokenOrWithoutEndIsRefused(String text) {
    assertThatThrownBy(() -> YamlTree.parse(text)).isInstanceOf(BrokenSpecException.class);
  }

  @Test
  void aliasesThatMultiplyAreRefused() {
    StringBuilder text = new StringBuilder("x0: &x0 [a]\n");
    for (int i = 1; i < 10; i++) {
      String before = "*x" + (i - 1);
      text.append("x" + i + ": &x" + i + " [" + (before + ", ").repeat(9) + before + "]\n");
    }
    assertThatThrownBy(() -> YamlTree.parse(text.toString()))
        .isInstanceOf(BrokenSpecException.class);
  }
}
