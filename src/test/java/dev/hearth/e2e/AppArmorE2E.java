package dev.hearth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.linux.testing.NeedsRoot;
import dev.hearth.proto.cri.v1.ContainerConfig;
import dev.hearth.proto.cri.v1.LinuxContainerConfig;
import dev.hearth.proto.cri.v1.SecurityProfile;
import dev.hearth.proto.cri.v1.SecurityProfile.ProfileType;
import dev.hearth.testing.TestBed;
import dev.hearth.testing.TestPod;
import io.grpc.Status;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Confinement by AppArmor where the kernel has it, and its refusal where not. */
@NeedsRoot
class AppArmorE2E {
  @RegisterExtension static final TestBed BED = new TestBed();

  private static final Path ENABLED = Path.of("/sys/module/apparmor/parameters/enabled");
  private static final String SHOW = "cat /proc/self/attr/current; echo";

  private static boolean isThere() throws IOException {
    return Files.exists(ENABLED) && Files.readString(ENABLED).startsWith("Y");
  }

  private static Consumer<LinuxContainerConfig.Builder> under(ProfileType type, String name) {
    return linux ->
        linux
            .getSecurityContextBuilder()
            .setApparmor(SecurityProfile.newBuilder().setProfileType(type).setLocalhostRef(name));
  }

  @SuppressWarnings("deprecation") // Older kubelets send it.
  private static Consumer<LinuxContainerConfig.Builder> underOld(String profile) {
    return linux -> linux.getSecurityContextBuilder().setApparmorProfile(profile);
  }

  @Test
  void profilesAreRefusedWhereTheKernelHasNone() throws IOException {
    Assumptions.assumeFalse(isThere(), "this kernel runs AppArmor");
    try (TestPod pod = TestPod.of(BED, "without", linux -> {})) {
      assertThat(pod.output("silent", "echo fine", linux -> {})).containsExactly("fine");
      assertThat(pod.output("none", "echo fine", under(ProfileType.Unconfined, "")))
          .containsExactly("fine");
      for (Consumer<LinuxContainerConfig.Builder> edit :
          List.of(
              under(ProfileType.RuntimeDefault, ""),
              under(ProfileType.Localhost, "localhost/some"),
              underOld("runtime/default"),
              underOld("localhost/some"))) {
        ContainerConfig container = pod.script("refused", SHOW, edit);
        Status status = TestPod.refusal(() -> pod.create(container));
        assertThat(status.getCode()).isEqualTo(Status.Code.UNIMPLEMENTED);
        assertThat(status.getDescription()).contains("this kernel runs no AppArmor");
      }
    }
  }

  @Test
  void theDefaultProfileKeepsContainersFromTheNodesSettings() throws IOException {
    Assumptions.assumeTrue(isThere(), "this kernel runs no AppArmor");
    String script =
        SHOW
            + "; echo 1 > /proc/sys/vm/overcommit_memory; echo x > /proc/sysrq-trigger;"
            + " echo 1 > /tmp/x && echo own; ps > /dev/null && echo processes";
    try (TestPod pod = TestPod.of(BED, "default", linux -> {})) {
      for (Consumer<LinuxContainerConfig.Builder> edit :
          List.<Consumer<LinuxContainerConfig.Builder>>of(
              linux -> {}, under(ProfileType.RuntimeDefault, ""), underOld("runtime/default"))) {
        ContainerConfig container = pod.script("confined-" + System.nanoTime(), script, edit);
        assertThat(pod.run(container).getExitCode()).isZero();
        assertThat(pod.printed(container))
            .contains("hearth-default (enforce)", "own", "processes")
            .anyMatch(line -> line.contains("overcommit_memory: Permission denied"))
            .anyMatch(line -> line.contains("sysrq-trigger: Permission denied"));
      }
      assertThat(pod.output("free", SHOW, under(ProfileType.Unconfined, "")))
          .contains("unconfined");
      String id = pod.start(pod.script("sleeper", "exec sleep 1000", linux -> {}));
      assertThat(BED.cri().exec(id, "cat", "/proc/self/attr/current").getStdout().toStringUtf8())
          .startsWith("hearth-default (enforce)");
    }
  }

  @Test
  void aProfileOfTheNodeConfinesOnceItIsLoaded() throws Exception {
    Assumptions.assumeTrue(isThere(), "this kernel runs no AppArmor");
    String name = "hearth-test-" + ProcessHandle.current().pid();
    String script = SHOW + "; echo x > /tmp/forbidden; echo x > /tmp/other && echo written";
    try (TestPod pod = TestPod.of(BED, "local", linux -> {})) {
      Consumer<LinuxContainerConfig.Builder> edit =
          under(ProfileType.Localhost, "localhost/" + name);
      ContainerConfig early = pod.script("early", script, edit);
      Status status = TestPod.refusal(() -> pod.create(early));
      assertThat(status.getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
      assertThat(status.getDescription()).contains(name + " is not loaded");
      parser("-r", "profile " + name + " { file, capability, deny /tmp/forbidden w, }");
      try {
        assertThat(pod.output("confined", script, edit))
            .contains(name + " (enforce)", "written")
            .anyMatch(line -> line.contains("/tmp/forbidden: Permission denied"));
      } finally {
        parser("-R", "profile " + name + " { }");
      }
    }
  }

  private static void parser(String option, String profile) throws Exception {
    Process process =
        new ProcessBuilder("apparmor_parser", "-K", option)
            .inheritIO()
            .redirectInput(ProcessBuilder.Redirect.PIPE)
            .start();
    try (OutputStream in = process.getOutputStream()) {
      in.write(profile.getBytes(StandardCharsets.UTF_8));
    }
    assertThat(process.waitFor()).isZero();
  }
}
