package dev.hearth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.linux.testing.NeedsRoot;
import dev.hearth.proto.cri.v1.ContainerConfig;
import dev.hearth.proto.cri.v1.LinuxContainerSecurityContext;
import dev.hearth.proto.cri.v1.SecurityProfile;
import dev.hearth.testing.TestBed;
import dev.hearth.testing.TestPod;
import io.grpc.Status;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a container's processes may do, seen from inside: capabilities, filters, paths. */
@NeedsRoot
class ConfinementE2E {
  @RegisterExtension static final TestBed BED = new TestBed();

  /** CHOWN, DAC_OVERRIDE, FOWNER, FSETID, KILL, SETGID, SETUID, SETPCAP and so on, by number. */
  private static final String DEFAULT_CAPABILITIES = "00000000a80425fb";

  private static final String NONE = "0000000000000000";
  private static final String NET_ADMIN = "0000000000001000";
  private static final String SHOW = "cat /proc/self/status";

  /** Fields of proc_pid_status(5) as the container's process has them. */
  private static Map<String, String> status(
      TestPod pod, String name, Consumer<LinuxContainerSecurityContext.Builder> edit) {
    List<String> lines =
        pod.output(name, SHOW, linux -> edit.accept(linux.getSecurityContextBuilder()));
    return fields(lines);
  }

  private static Map<String, String> fields(List<String> lines) {
    return lines.stream()
        .map(line -> line.split(":\\s*", 2))
        .filter(parts -> parts.length == 2)
        .collect(Collectors.toMap(parts -> parts[0], parts -> parts[1].strip()));
  }

  private static String nodes(String field) throws IOException {
    return fields(Files.readAllLines(Path.of("/proc/self/status"))).getOrDefault(field, "");
  }

  @Test
  void capabilitiesAreTheUsualOnesLessAndMoreWhatIsAsked() throws IOException {
    try (TestPod pod = TestPod.of(BED, "caps", linux -> {})) {
      assertThat(status(pod, "usual", s -> {}))
          .containsEntry("CapEff", DEFAULT_CAPABILITIES)
          .containsEntry("CapPrm", DEFAULT_CAPABILITIES)
          .containsEntry("CapBnd", DEFAULT_CAPABILITIES)
          .containsEntry("CapInh", NONE)
          .containsEntry("CapAmb", NONE)
          .containsEntry("NoNewPrivs", "0");
      assertThat(status(pod, "none", s -> s.getCapabilitiesBuilder().addDropCapabilities("ALL")))
          .containsEntry("CapEff", NONE)
          .containsEntry("CapBnd", NONE);
      assertThat(
              status(
                  pod,
                  "one",
                  s ->
                      s.getCapabilitiesBuilder()
                          .addDropCapabilities("all")
                          .addAddCapabilities("CAP_NET_ADMIN")))
          .containsEntry("CapEff", NET_ADMIN)
          .containsEntry("CapBnd", NET_ADMIN);
      assertThat(status(pod, "all", s -> s.getCapabilitiesBuilder().addAddCapabilities("ALL")))
          .containsEntry("CapEff", nodes("CapBnd"));
      assertThat(
              status(
                  pod,
                  "all-but",
                  s ->
                      s.getCapabilitiesBuilder()
                          .addDropCapabilities("chown")
                          .addAddCapabilities("NET_ADMIN")))
          .containsEntry("CapEff", "00000000a80435fa");
    }
  }

  @Test
  void ambientCapabilitiesSurviveBecomingAnotherUser() {
    try (TestPod pod = TestPod.of(BED, "ambient", linux -> {})) {
      assertThat(status(pod, "plain", s -> s.getRunAsUserBuilder().setValue(1000)))
          .containsEntry("CapEff", NONE)
          .containsEntry("CapBnd", DEFAULT_CAPABILITIES);
      assertThat(
              status(
                  pod,
                  "ambient",
                  s -> {
                    s.getRunAsUserBuilder().setValue(1000);
                    s.getCapabilitiesBuilder()
                        .addDropCapabilities("ALL")
                        .addAddAmbientCapabilities("NET_ADMIN");
                  }))
          .containsEntry("CapEff", NET_ADMIN)
          .containsEntry("CapAmb", NET_ADMIN);
    }
  }

  @Test
  void commandsInAContainerHaveNoMoreThanIt() {
    try (TestPod pod = TestPod.of(BED, "execs", linux -> {})) {
      String id =
          pod.start(
              pod.script(
                  "sleeper",
                  "exec sleep 1000",
                  linux -> {
                    linux.getSecurityContextBuilder().setNoNewPrivs(true);
                    linux
                        .getSecurityContextBuilder()
                        .getCapabilitiesBuilder()
                        .addDropCapabilities("ALL");
                    linux
                        .getSecurityContextBuilder()
                        .setSeccomp(profile(SecurityProfile.ProfileType.RuntimeDefault));
                  }));
      String seen = BED.cri().exec(id, "cat", "/proc/self/status").getStdout().toStringUtf8();
      assertThat(fields(seen.lines().toList()))
          .containsEntry("CapBnd", NONE)
          .containsEntry("NoNewPrivs", "1")
          .containsEntry("Seccomp", "2");
    }
  }

  @Test
  void whatIsNoCapabilityIsRefused() {
    try (TestPod pod = TestPod.of(BED, "odd", linux -> {})) {
      refused(
          pod,
          s -> s.getCapabilitiesBuilder().addAddCapabilities("FLY"),
          Status.Code.INVALID_ARGUMENT,
          "no such capability: FLY");
    }
  }

  @Test
  void aSetuidProgramGainsNothingWhereNewPrivilegesAreRefused() {
    String script =
        "cp /bin/busybox /tmp/ping && chmod 4755 /tmp/ping;"
            + " su user -c '/tmp/ping -c 1 127.0.0.1' 2>/dev/null | grep -c ' 0% packet loss'";
    try (TestPod pod = TestPod.of(BED, "nnp", linux -> {})) {
      assertThat(pod.output("open", script, linux -> {})).containsExactly("1");
      assertThat(
              pod.output(
                  "closed", script, linux -> linux.getSecurityContextBuilder().setNoNewPrivs(true)))
          .containsExactly("0");
    }
  }

  @Test
  void aReadOnlyRootTakesNoFilesAndVolumesStill() {
    try (TestPod pod = TestPod.of(BED, "readonly", linux -> {})) {
      assertThat(
              pod.output(
                  "fixed",
                  "touch /tmp/x 2>&1; touch /dev/shm/x && echo shm; echo x > /etc/hosts",
                  linux -> linux.getSecurityContextBuilder().setReadonlyRootfs(true)))
          .containsExactly(
              "touch: /tmp/x: Read-only file system",
              "shm",
              "sh: can't create /etc/hosts: Read-only file system");
    }
  }

  @Test
  void maskedPathsAreEmptyAndReadOnlyOnesAreNotWritten() {
    try (TestPod pod = TestPod.of(BED, "paths", linux -> {})) {
      assertThat(
              pod.output(
                  "hidden",
                  "wc -c < /proc/timer_list; ls /sys/firmware; ls /bin/none 2>/dev/null;"
                      + " echo 1 > /proc/sys/vm/overcommit_memory",
                  linux ->
                      linux
                          .getSecurityContextBuilder()
                          .addMaskedPaths("/proc/timer_list")
                          .addMaskedPaths("/sys/firmware")
                          .addMaskedPaths("/not/there")
                          .addReadonlyPaths("/proc/sys")
                          .addReadonlyPaths("/not/there")))
          .containsExactly(
              "0", "sh: can't create /proc/sys/vm/overcommit_memory: Read-only file system");
    }
  }

  @Test
  void aPrivilegedContainerIsConfinedByNothing() throws IOException {
    try (TestPod pod =
        TestPod.of(
            BED, "privileged", linux -> linux.getSecurityContextBuilder().setPrivileged(true))) {
      ContainerConfig container =
          pod.script(
              "free",
              SHOW
                  + "; test -c /dev/loop-control -o -c /dev/fuse -o -c /dev/net/tun && echo dev: yes"
                  + "; test -n \"$(head -n 1 /proc/timer_list)\" && echo timers: yes"
                  + "; grep ' /sys sysfs rw' /proc/mounts > /dev/null && echo sys: rw",
              linux ->
                  linux
                      .getSecurityContextBuilder()
                      .setPrivileged(true)
                      .addMaskedPaths("/proc/timer_list")
                      .addReadonlyPaths("/proc/sys")
                      .setSeccomp(profile(SecurityProfile.ProfileType.RuntimeDefault)));
      var _ = pod.run(container);
      Map<String, String> seen = fields(pod.printed(container));
      assertThat(seen)
          .containsEntry("CapEff", nodes("CapBnd"))
          .containsEntry("Seccomp", nodes("Seccomp"))
          .containsEntry("sys", "rw")
          .containsEntry("timers", "yes");
    }
  }

  @Test
  void aPrivilegedContainerNeedsAPrivilegedPod() {
    try (TestPod pod = TestPod.of(BED, "plain", linux -> {})) {
      refused(
          pod,
          s -> s.setPrivileged(true),
          Status.Code.INVALID_ARGUMENT,
          "is privileged, and its pod sandbox is not");
    }
  }

  @Test
  void theDefaultFilterForbidsWhatThePeersForbid() {
    try (TestPod pod = TestPod.of(BED, "filtered", linux -> {})) {
      String script = "unshare -n true 2>&1; grep Seccomp: /proc/self/status | tr -d '\\t'";
      assertThat(
              pod.output(
                  "default",
                  script,
                  linux ->
                      linux
                          .getSecurityContextBuilder()
                          .setSeccomp(profile(SecurityProfile.ProfileType.RuntimeDefault))))
          .containsExactly("unshare: unshare(0x40000000): Operation not permitted", "Seccomp:2");
      assertThat(
              pod.output(
                  "old-form",
                  "grep Seccomp: /proc/self/status | tr -d '\\t'",
                  ConfinementE2E::oldDefault))
          .containsExactly("Seccomp:2");
      assertThat(
              pod.output(
                  "unconfined",
                  "grep Seccomp: /proc/self/status | tr -d '\\t'",
                  linux ->
                      linux
                          .getSecurityContextBuilder()
                          .setSeccomp(profile(SecurityProfile.ProfileType.Unconfined))))
          .containsExactly("Seccomp:0");
    }
  }

  @SuppressWarnings("deprecation") // Older kubelets send it.
  private static void oldDefault(dev.hearth.proto.cri.v1.LinuxContainerConfig.Builder linux) {
    linux.getSecurityContextBuilder().setSeccompProfilePath("runtime/default");
  }

  @Test
  void aProfileOfTheNodeDecides() throws IOException {
    Path profile = BED.folder().resolve("no-mkdir.json");
    Files.writeString(
        profile,
        """
        {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
          {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28},
          {"names": ["chmod", "fchmodat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1,
           "excludes": {"caps": ["CAP_NET_ADMIN"]}},
          {"names": ["kill"], "action": "SCMP_ACT_ERRNO", "errnoRet": 95, "args": [
            {"index": 1, "value": 10, "op": "SCMP_CMP_EQ"}]}
        ]}
        """);
    String script =
        "mkdir /tmp/x 2>&1; chmod 700 /tmp 2>&1; kill -0 $$ && echo alive; kill -USR1 $$ 2>&1";
    try (TestPod pod = TestPod.of(BED, "local", linux -> {})) {
      SecurityProfile local =
          SecurityProfile.newBuilder()
              .setProfileType(SecurityProfile.ProfileType.Localhost)
              .setLocalhostRef(profile.toString())
              .build();
      assertThat(
              pod.output(
                  "local", script, linux -> linux.getSecurityContextBuilder().setSeccomp(local)))
          .containsExactly(
              "mkdir: can't create directory '/tmp/x': No space left on device",
              "chmod: /tmp: Operation not permitted",
              "alive",
              "sh: can't kill pid 1: Operation not supported");
      assertThat(
              pod.output(
                  "capable",
                  "chmod 700 /tmp && echo changed",
                  linux -> {
                    linux.getSecurityContextBuilder().setSeccomp(local);
                    linux
                        .getSecurityContextBuilder()
                        .getCapabilitiesBuilder()
                        .addAddCapabilities("NET_ADMIN");
                  }))
          .containsExactly("changed");
    }
  }

  @Test
  void profilesThatCannotBeHadAreRefused() throws IOException {
    Path agent = BED.folder().resolve("agent.json");
    Files.writeString(agent, "{\"defaultAction\": \"SCMP_ACT_NOTIFY\", \"listenerPath\": \"/x\"}");
    try (TestPod pod = TestPod.of(BED, "unknown", linux -> {})) {
      refusedProfile(pod, "/no/such/profile.json", "is no file");
      refusedProfile(pod, "relative.json", "not an absolute path");
      refusedProfile(pod, agent.toString(), "agents are not supported");
    }
  }

  private static void refusedProfile(TestPod pod, String path, String why) {
    refused(
        pod,
        s ->
            s.getSeccompBuilder()
                .setProfileType(SecurityProfile.ProfileType.Localhost)
                .setLocalhostRef(path),
        Status.Code.INVALID_ARGUMENT,
        why);
  }

  @Test
  void anSelinuxLabelIsRefusedWhereThereIsNoSelinux() {
    try (TestPod pod = TestPod.of(BED, "labelled", linux -> {})) {
      refused(
          pod,
          s -> s.getSelinuxOptionsBuilder().setType("container_t").setLevel("s0:c1,c2"),
          Status.Code.UNIMPLEMENTED,
          "runs no SELinux");
    }
  }

  private static void refused(
      TestPod pod,
      Consumer<LinuxContainerSecurityContext.Builder> edit,
      Status.Code code,
      String why) {
    ContainerConfig container =
        pod.script("refused", SHOW, linux -> edit.accept(linux.getSecurityContextBuilder()));
    Status status = TestPod.refusal(() -> pod.create(container));
    assertThat(status.getDescription()).contains(why);
    assertThat(status.getCode()).isEqualTo(code);
  }

  private static SecurityProfile profile(SecurityProfile.ProfileType type) {
    return SecurityProfile.newBuilder().setProfileType(type).build();
  }
}
