package dev.hearth.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Who a pod's processes are and what they may do. */
@SideBySide
class SecurityClusterE2E {
  @RegisterExtension static final ClusterBed BED = new ClusterBed();

  private static final String STAY = "trap 'exit 0' TERM; while :; do sleep 0.2; done";

  private static Cluster cluster() {
    return BED.cluster();
  }

  /**
   * The lines that a script prints which runs to its end.
   *
   * @param context the container's security context
   * @param pod more in the pod's spec, lines of YAML
   */
  private static List<String> printed(String name, String script, String context, String pod) {
    return cluster()
        .printed(
            name,
            """
            restartPolicy: Never
            containers:
            - name: main
              image: IMAGE
              command: [sh, -c, "%s"]
              securityContext: {%s}
            """
                    .formatted(script, context)
                + pod);
  }

  @Test
  void usersAndGroupsAreThoseAskedFor() {
    assertThat(
            printed(
                "sec-user",
                "id -u; id -g; id -G",
                "runAsUser: 1234",
                "securityContext: {runAsUser: 99, runAsGroup: 2345, supplementalGroups: [3456]}\n"))
        .containsExactly("1234", "2345", "2345 3456");
  }

  @Test
  void aVolumeBelongsToTheFileSystemGroup() {
    try (KubePod pod =
        cluster()
            .run(
                "sec-fs-group",
                """
                restartPolicy: Never
                securityContext: {runAsUser: 1234, fsGroup: 4567}
                containers:
                - {name: main, image: IMAGE, command: [sh, -c, "stat -c %g /v; touch /v/f; stat -c %g /v/f; id -G"], volumeMounts: [{name: v, mountPath: /v}]}
                volumes: [{name: v, emptyDir: {}}]
                """)) {
      pod.awaitPhase("Succeeded");
      assertThat(pod.lines()).containsExactly("4567", "4567", "0 4567");
    }
  }

  @Test
  void groupsOfTheImageAreMergedOnlyWhereAsked() {
    assertThat(printed("sec-merge", "id -G", "runAsUser: 1000", "")).containsExactly("1000 2000");
    assertThat(
            printed(
                "sec-strict",
                "id -G",
                "runAsUser: 1000, runAsGroup: 1000",
                "securityContext: {supplementalGroupsPolicy: Strict}\n"))
        .containsExactly("1000");
  }

  @Test
  void capabilitiesAreAddedAndDropped() {
    assertThat(
            printed(
                "sec-caps",
                "grep CapEff /proc/self/status | tr -d '\\\\t'",
                "capabilities: {drop: [ALL], add: [NET_ADMIN]}",
                ""))
        .containsExactly("CapEff:0000000000001000");
  }

  @Test
  void aReadOnlyRootIsReadOnly() {
    assertThat(
            printed(
                "sec-ro", "touch /no 2>/dev/null || echo no", "readOnlyRootFilesystem: true", ""))
        .containsExactly("no");
  }

  @Test
  void privilegesAreNotGainedWhereForbidden() {
    assertThat(
            printed(
                "sec-nnp",
                "grep NoNewPrivs /proc/self/status | tr -d '\\\\t'",
                "allowPrivilegeEscalation: false",
                ""))
        .containsExactly("NoNewPrivs:1");
  }

  @Test
  void aPrivilegedContainerHasTheHostsDevicesAndMayMount() {
    assertThat(
            printed(
                "sec-privileged",
                "test -e /dev/kmsg && echo kmsg; mount -t tmpfs none /mnt && echo mounted",
                "privileged: true",
                ""))
        .containsExactly("kmsg", "mounted");
  }

  @Test
  void seccompIsWhatItsProfileSays() throws IOException {
    String mode = "grep Seccomp: /proc/self/status | tr -d '\\\\t'";
    assertThat(printed("sec-default", mode, "seccompProfile: {type: RuntimeDefault}", ""))
        .containsExactly("Seccomp:2");
    assertThat(printed("sec-unconfined", mode, "seccompProfile: {type: Unconfined}", ""))
        .containsExactly("Seccomp:0");
    Path profile = cluster().kubelet().root().resolve("seccomp/no-mkdir.json");
    Files.createDirectories(profile.getParent());
    Files.writeString(
        profile,
        """
        {"defaultAction": "SCMP_ACT_ALLOW",
         "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}]}
        """);
    assertThat(
            printed(
                "sec-local",
                "mkdir /tmp/no 2>/dev/null || echo no; touch /tmp/yes && echo yes",
                "seccompProfile: {type: Localhost, localhostProfile: no-mkdir.json}",
                ""))
        .containsExactly("no", "yes");
  }

  @Test
  void anImageOfRootIsRefusedWhereRootIs() {
    try (KubePod pod =
        cluster()
            .run(
                "sec-non-root",
                """
                containers:
                - {name: main, image: IMAGE, command: [sh], securityContext: {runAsNonRoot: true}}
                """)) {
      pod.awaitContainer(
          "main",
          "refused",
          status -> status.at("state.waiting.reason").text().equals("CreateContainerConfigError"));
    }
  }

  @Test
  void sysctlsAreSetInThePodAndNowhereElse() {
    assertThat(
            printed(
                "sec-sysctls",
                "cat /proc/sys/kernel/shm_rmid_forced /proc/sys/net/core/somaxconn /proc/sys/net/ipv4/ip_unprivileged_port_start",
                "",
                """
                securityContext:
                  sysctls: [{name: kernel.shm_rmid_forced, value: "1"}, {name: net.core.somaxconn, value: "1717"}, {name: net.ipv4.ip_unprivileged_port_start, value: "0"}]
                """))
        .containsExactly("1", "1717", "0");
    assertThat(Path.of("/proc/sys/net/core/somaxconn")).content().isNotEqualTo("1717\n");
  }

  @Test
  void aSysctlThatIsNotAllowedIsRefused() {
    try (KubePod pod =
        cluster()
            .run(
                "sec-sysctl-no",
                """
                securityContext: {sysctls: [{name: net.ipv4.tcp_rmem, value: "4096 1 2"}, {name: kernel.sem, value: "1 1 1 1"}]}
                containers: [{name: main, image: IMAGE, command: [sh]}]
                """)) {
      pod.awaitPhase("Failed");
      assertThat(pod.get().at("status.reason").text()).isEqualTo("SysctlForbidden");
    }
  }

  @Test
  void aPodWithUsersOfItsOwnIsRootOnlyInside() throws IOException {
    try (KubePod pod =
        cluster()
            .run(
                "sec-users",
                """
                hostUsers: false
                containers:
                - name: main
                  image: IMAGE
                  command: [sh, -c, "id -u; touch /v/file /m/file; stat -c %%u /v/file; cat /m2/name; echo; %s"]
                  volumeMounts: [{name: v, mountPath: /v}, {name: m, mountPath: /m}, {name: d, mountPath: /m2}]
                volumes:
                - {name: v, emptyDir: {}}
                - {name: m, emptyDir: {medium: Memory}}
                - {name: d, downwardAPI: {items: [{path: name, fieldRef: {fieldPath: metadata.name}}]}}
                """
                    .formatted(STAY))) {
      pod.awaitReady();
      pod.awaitLog("main", "sec-users");
      assertThat(pod.lines()).containsExactly("0", "0", "sec-users");
      String map = pod.exec("cat", "/proc/self/uid_map");
      assertThat(map.strip().split(" +", -1)).startsWith("0").endsWith("65536");
      assertThat(map.strip().split(" +", -1)[1]).isNotEqualTo("0");
    }
  }

  @Test
  void aPodMayBeInTheHostsProcessAndIpcNamespaces() {
    assertThat(
            printed(
                "sec-host-namespaces",
                "ps | grep -c '[k]ube-apiserver'; readlink /proc/self/ns/pid; readlink /proc/self/ns/ipc",
                "privileged: true",
                "hostPID: true\nhostIPC: true\n"))
        .satisfiesExactly(
            server -> assertThat(Integer.parseInt(server)).isPositive(),
            pid -> assertThat(pid).isEqualTo(own("pid")),
            ipc -> assertThat(ipc).isEqualTo(own("ipc")));
  }

  private static String own(String namespace) throws IOException {
    return Files.readSymbolicLink(Path.of("/proc/self/ns", namespace)).toString();
  }

  @Test
  void aRuntimeClassNamesAHandler() {
    cluster()
        .api()
        .create(
            "/apis/node.k8s.io/v1/runtimeclasses",
            "{apiVersion: node.k8s.io/v1, kind: RuntimeClass, metadata: {name: own}, handler: hearth}");
    cluster()
        .api()
        .create(
            "/apis/node.k8s.io/v1/runtimeclasses",
            "{apiVersion: node.k8s.io/v1, kind: RuntimeClass, metadata: {name: absent}, handler: no-such}");
    assertThat(printed("class-own", "echo ran", "", "runtimeClassName: own\n"))
        .containsExactly("ran");
    try (KubePod pod =
        cluster()
            .run(
                "class-absent",
                """
                runtimeClassName: absent
                containers: [{name: main, image: IMAGE, command: [sh]}]
                """)) {
      pod.awaitEvent("no-such");
    }
  }
}
