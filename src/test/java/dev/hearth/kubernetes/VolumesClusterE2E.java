package dev.hearth.kubernetes;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a pod's containers find where volumes are mounted, and in their environment. */
@SideBySide
class VolumesClusterE2E {
  @RegisterExtension static final ClusterBed BED = new ClusterBed();

  private static Cluster cluster() {
    return BED.cluster();
  }

  /** The lines that a script prints which runs to its end in a pod with these volumes. */
  private static List<String> printed(String name, String script, String mounts, String volumes) {
    return cluster()
        .printed(
            name,
            """
            restartPolicy: Never
            containers:
            - name: main
              image: IMAGE
              command: [sh, -c, "%s"]
              volumeMounts: [%s]
            volumes: [%s]
            """
                .formatted(script, mounts, volumes));
  }

  @Test
  void anEmptyDirectoryOnDiskIsSharedByThePodsContainers() {
    try (KubePod pod =
        cluster()
            .run(
                "empty-dir",
                """
                restartPolicy: Never
                containers:
                - {name: write, image: IMAGE, command: [sh, -c, "echo shared >/a/file"], volumeMounts: [{name: v, mountPath: /a}]}
                - {name: read, image: IMAGE, command: [sh, -c, "until [ -s /b/file ]; do sleep 0.1; done; cat /b/file"], volumeMounts: [{name: v, mountPath: /b}]}
                volumes: [{name: v, emptyDir: {}}]
                """)) {
      pod.awaitPhase("Succeeded");
      assertThat(pod.log("read")).isEqualTo("shared\n");
    }
  }

  @Test
  void anEmptyDirectoryInMemoryIsATmpfsOfItsLimit() {
    assertThat(
            printed(
                "empty-dir-memory",
                "stat -f -c %T /m; df -m /m | tail -1 | awk '{print $2}'",
                "{name: v, mountPath: /m}",
                "{name: v, emptyDir: {medium: Memory, sizeLimit: 8Mi}}"))
        .containsExactly("tmpfs", "8");
  }

  @Test
  void hostPathsOfEveryTypeAreThere() throws IOException {
    Path host = Files.createDirectories(cluster().folder().resolve("host-paths"));
    Files.createDirectories(host.resolve("directory"));
    Files.writeString(host.resolve("file"), "of the host\n");
    Tool.run("mknod", host.resolve("block").toString(), "b", "7", "250").orFail();
    try (var socket = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      socket.bind(UnixDomainSocketAddress.of(host.resolve("socket")));
      assertThat(
              printed(
                  "host-paths",
                  "for t in 'd /directory' 'd /new' 'f /file' 'f /new-file' 'S /socket' 'c /null' 'b /block' 'd /any'; do test -$t && echo $t; done; echo x >/new/made; cat /file",
                  """
                  {name: directory, mountPath: /directory}, {name: new, mountPath: /new}, {name: file, mountPath: /file}, {name: new-file, mountPath: /new-file},
                  {name: socket, mountPath: /socket}, {name: "null", mountPath: /null}, {name: block, mountPath: /block}, {name: any, mountPath: /any}\
                  """
                      .replace("\n", " "),
                  """
                  {name: directory, hostPath: {path: %1$s/directory, type: Directory}}, {name: new, hostPath: {path: %1$s/new, type: DirectoryOrCreate}},
                  {name: file, hostPath: {path: %1$s/file, type: File}}, {name: new-file, hostPath: {path: %1$s/new-file, type: FileOrCreate}},
                  {name: socket, hostPath: {path: %1$s/socket, type: Socket}}, {name: "null", hostPath: {path: /dev/null, type: CharDevice}},
                  {name: block, hostPath: {path: %1$s/block, type: BlockDevice}}, {name: any, hostPath: {path: %1$s}}\
                  """
                      .formatted(host)
                      .replace("\n", " ")))
          .containsExactly(
              "d /directory",
              "d /new",
              "f /file",
              "f /new-file",
              "S /socket",
              "c /null",
              "b /block",
              "d /any",
              "of the host");
    }
    assertThat(host.resolve("new/made")).exists();
  }

  @Test
  void aProjectedVolumeHoldsWhatItsSourcesHold() {
    cluster()
        .create(
            "configmaps",
            "{apiVersion: v1, kind: ConfigMap, metadata: {name: projected}, data: {a: from the map}}");
    cluster()
        .create(
            "secrets",
            "{apiVersion: v1, kind: Secret, metadata: {name: projected}, stringData: {b: from the secret}}");
    assertThat(
            printed(
                "projected",
                "cat /p/a; echo; cat /p/b; echo; cat /p/name; echo; cut -d. -f2 /p/token | wc -l; stat -L -c %a /p/b",
                "{name: v, mountPath: /p, readOnly: true}",
                """
                {name: v, projected: {defaultMode: 0440, sources: [{configMap: {name: projected}}, {secret: {name: projected}},
                  {downwardAPI: {items: [{path: name, fieldRef: {fieldPath: metadata.name}}]}}, {serviceAccountToken: {path: token}}]}}\
                """
                    .replace("\n", " ")))
        .containsExactly("from the map", "from the secret", "projected", "1", "440");
  }

  @Test
  void subPathsAreTheirPartOfTheVolume() {
    try (KubePod pod =
        cluster()
            .run(
                "sub-paths",
                """
                restartPolicy: Never
                initContainers:
                - {name: fill, image: IMAGE, command: [sh, -c, "mkdir -p /all/one /all/sub-paths; echo 1 >/all/one/file; echo 2 >/all/sub-paths/file"], volumeMounts: [{name: v, mountPath: /all}]}
                containers:
                - name: main
                  image: IMAGE
                  env: [{name: POD, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]
                  command: [sh, -c, "cat /folder/file /single /expanded/file; touch /folder/no 2>/dev/null || echo read-only"]
                  volumeMounts:
                  - {name: v, mountPath: /folder, subPath: one, readOnly: true}
                  - {name: v, mountPath: /single, subPath: one/file}
                  - {name: v, mountPath: /expanded, subPathExpr: $(POD)}
                volumes: [{name: v, emptyDir: {}}]
                """)) {
      pod.awaitPhase("Succeeded");
      assertThat(pod.log("main").lines()).containsExactly("1", "1", "2", "read-only");
    }
  }

  @Test
  void changedConfigMapsAndSecretsAreSeenInTheirFiles() {
    cluster()
        .create(
            "configmaps",
            "{apiVersion: v1, kind: ConfigMap, metadata: {name: changing}, data: {key: map-1}}");
    cluster()
        .create(
            "secrets",
            "{apiVersion: v1, kind: Secret, metadata: {name: changing}, stringData: {key: secret-1}}");
    try (KubePod pod =
        cluster()
            .run(
                "changing",
                """
                containers:
                - name: main
                  image: IMAGE
                  command: [sh, -c, "trap 'exit 0' TERM; while :; do cat /m/key /s/key; echo; sleep 0.5; done"]
                  volumeMounts: [{name: m, mountPath: /m}, {name: s, mountPath: /s}]
                volumes: [{name: m, configMap: {name: changing}}, {name: s, secret: {secretName: changing}}]
                """)) {
      pod.awaitLog("main", "map-1secret-1");
      cluster()
          .api()
          .patch(
              "/api/v1/namespaces/default/configmaps/changing", "{\"data\": {\"key\": \"map-2\"}}");
      cluster()
          .api()
          .patch(
              "/api/v1/namespaces/default/secrets/changing",
              "{\"data\": {\"key\": \"%s\"}}"
                  .formatted(Base64.getEncoder().encodeToString("secret-2".getBytes(US_ASCII))));
      pod.awaitLog("main", "map-2secret-2");
      assertThat(pod.container("main").at("restartCount").number()).isZero();
    }
  }

  @Test
  void theEnvironmentComesFromMapsSecretsAndThePodItself() {
    cluster()
        .create(
            "configmaps",
            "{apiVersion: v1, kind: ConfigMap, metadata: {name: environment}, data: {A: a of the map}}");
    cluster()
        .create(
            "secrets",
            "{apiVersion: v1, kind: Secret, metadata: {name: environment}, stringData: {B: b of the secret}}");
    try (KubePod pod =
        cluster()
            .run(
                "environment",
                """
                restartPolicy: Never
                containers:
                - name: main
                  image: IMAGE
                  command: [sh, -c, "echo $A; echo $B; echo $NAME; echo $IP; echo $NODE_IP; echo $LIMIT; echo $LATER"]
                  envFrom: [{configMapRef: {name: environment}}]
                  env:
                  - {name: B, valueFrom: {secretKeyRef: {name: environment, key: B}}}
                  - {name: NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
                  - {name: IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
                  - {name: NODE_IP, valueFrom: {fieldRef: {fieldPath: status.hostIP}}}
                  - {name: LIMIT, valueFrom: {resourceFieldRef: {resource: limits.memory, divisor: 1Mi}}}
                  - {name: LATER, value: "name is $(NAME)"}
                  resources: {limits: {memory: 32Mi}}
                """)) {
      pod.awaitPhase("Succeeded");
      assertThat(pod.lines())
          .containsExactly(
              "a of the map",
              "b of the secret",
              "environment",
              pod.get().at("status.podIP").text(),
              cluster().nodeAddress(),
              "32",
              "name is environment");
    }
  }

  @Test
  void theDownwardApiVolumeFollowsThePodsLabels() {
    try (KubePod pod =
        cluster()
            .run(
                "downward",
                """
                containers:
                - name: main
                  image: IMAGE
                  command: [sh, -c, "trap 'exit 0' TERM; while :; do cat /d/labels; echo; sleep 0.5; done"]
                  volumeMounts: [{name: d, mountPath: /d}]
                volumes: [{name: d, downwardAPI: {items: [{path: labels, fieldRef: {fieldPath: metadata.labels}}]}}]
                """)) {
      pod.awaitLog("main", "app=\"downward\"");
      pod.patch("", "{\"metadata\": {\"labels\": {\"app\": \"changed\"}}}");
      pod.awaitLog("main", "app=\"changed\"");
    }
  }

  @Test
  void mountsOfTheHostReachAContainerThatAsksForThem() throws IOException {
    Path shared = Files.createDirectories(cluster().folder().resolve("propagation"));
    Tool.run("mount", "-t", "tmpfs", "none", shared.toString()).orFail();
    try {
      Tool.run("mount", "--make-shared", shared.toString()).orFail();
      Files.createDirectories(shared.resolve("in"));
      try (KubePod pod =
          cluster()
              .run(
                  "propagation",
                  """
                  containers:
                  - name: follows
                    image: IMAGE
                    command: [sh, -c, "trap 'exit 0' TERM; until [ -e /v/in/mark ]; do sleep 0.2; done; echo arrived; while :; do sleep 0.2; done"]
                    volumeMounts: [{name: v, mountPath: /v, mountPropagation: HostToContainer}]
                  - name: mounts
                    image: IMAGE
                    securityContext: {privileged: true}
                    command: [sh, -c, "trap 'exit 0' TERM; mkdir /v/out; mount -t tmpfs none /v/out; touch /v/out/mark; while :; do sleep 0.2; done"]
                    volumeMounts: [{name: v, mountPath: /v, mountPropagation: Bidirectional}]
                  volumes: [{name: v, hostPath: {path: %s}}]
                  """
                      .formatted(shared))) {
        pod.awaitReady();
        Tool.run("mount", "-t", "tmpfs", "none", shared.resolve("in").toString()).orFail();
        Files.createFile(shared.resolve("in/mark"));
        pod.awaitLog("follows", "arrived");
        Cluster.await(
            () -> "the mount of a container", () -> Files.exists(shared.resolve("out/mark")));
      }
    } finally {
      Tool.run("umount", "--recursive", shared.toString());
    }
  }

  @Test
  void anImageIsMountedAsAVolume() {
    assertThat(
            printed(
                "image-volume",
                "cat /image/srv/www/index.html; touch /image/no 2>/dev/null || echo read-only",
                "{name: v, mountPath: /image}",
                "{name: v, image: {reference: IMAGE}}"))
        .containsExactly("hearth", "read-only");
  }

  @Test
  void aVolumeIsReadOnlyWithAllThatIsMountedInIt() throws IOException {
    Path outer = cluster().folder().resolve("read-only");
    Files.createDirectories(outer.resolve("inner"));
    Tool.run("mount", "-t", "tmpfs", "none", outer.resolve("inner").toString()).orFail();
    try {
      assertThat(
              printed(
                  "read-only",
                  "touch /v/inner/no 2>/dev/null || echo read-only",
                  "{name: v, mountPath: /v, readOnly: true, recursiveReadOnly: Enabled}",
                  "{name: v, hostPath: {path: %s}}".formatted(outer)))
          .containsExactly("read-only");
    } finally {
      Tool.run("umount", "--lazy", outer.resolve("inner").toString());
    }
  }
}
