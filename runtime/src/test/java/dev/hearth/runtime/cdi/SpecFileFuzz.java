package dev.hearth.runtime.cdi;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.linux.testing.FuzzRun;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Damaged descriptions of devices; see {@link FuzzRun}. */
class SpecFileFuzz {
  private static final String JSON =
      """
      {"cdiVersion":"0.7.0","kind":"vendor.com/gpu","containerEdits":{"env":["A=b"]},"devices":[
      {"name":"0","containerEdits":{"deviceNodes":[{"path":"/dev/a","hostPath":"/dev/b","type":"c",
      "major":1,"minor":5,"fileMode":438,"permissions":"rw","uid":1,"gid":2}],"mounts":[{"hostPath":
      "/a","containerPath":"/b","options":["ro","bind"]}],"hooks":[{"hookName":"prestart","path":
      "/h"}],"intelRdt":{"closID":"x"},"additionalGids":[4]}}]}
      """;

  private static final String YAML =
      """
      cdiVersion: 0.7.0
      kind: vendor.com/gpu
      containerEdits: &edits
        env: [A=b]
      devices:
        - name: "0"
          containerEdits:
            deviceNodes:
              - {path: /dev/a, type: c, major: 1, minor: 0x5, fileMode: 0666, uid: 1}
            mounts:
              - hostPath: /a
                containerPath: /b
                options: [ro, bind]
        - name: two
          containerEdits: *edits
      """;

  private static final List<String> PIECES =
      List.of(
          "null",
          "-1",
          "1e999",
          "{}",
          "[]",
          "\"\"",
          "\\u0000",
          "\"",
          ",",
          "true",
          "\\ud800",
          "*edits",
          "&edits ",
          "!!int ",
          "\t",
          "\n",
          "? ",
          "- ",
          ": ",
          "|",
          "0o9",
          "%YAML 1.2",
          "---\n",
          "<<");

  @Test
  void readsOrRefusesAndNothingElse() {
    FuzzRun.of(4_000, random -> check(random.nextBoolean(), random));
  }

  private static String mutate(String seed, Random random) {
    StringBuilder text = new StringBuilder(seed);
    for (int n = random.nextInt(4); n > 0; n--) {
      int at = random.nextInt(text.length() + 1);
      int to = Math.min(text.length(), at + random.nextInt(10));
      switch (random.nextInt(3)) {
        case 0 -> text.replace(at, to, PIECES.get(random.nextInt(PIECES.size())));
        case 1 -> text.delete(at, to);
        default -> text.insert(at, text.substring(at, to));
      }
    }
    return text.toString();
  }

  private static void check(boolean json, Random random) {
    try {
      SpecFile file =
          json
              ? SpecFile.parse(Path.of("a.json"), mutate(JSON, random))
              : SpecFile.parse(Path.of("a.yaml"), mutate(YAML, random));
      assertThat(file.devices()).isNotEmpty();
      for (Edits edits : file.devices().values()) {
        edits.nodes().forEach(node -> assertThat(Path.of(node.hostPath())).isAbsolute());
        edits.mounts().forEach(mount -> assertThat(Path.of(mount.hostPath())).isAbsolute());
      }
    } catch (BrokenSpecException e) {
      assertThat(e.getMessage()).doesNotContain("\n");
    }
  }
}
