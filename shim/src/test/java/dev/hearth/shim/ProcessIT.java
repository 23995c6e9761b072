package dev.hearth.shim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hearth.linux.Signals;
import dev.hearth.linux.testing.NeedsRoot;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;

@NeedsRoot
class ProcessIT extends ContainerTest {
  private static final long NET_BIND = 1L << 10;
  private static final long SETUID = 1L << 7;

  private static final int LOAD_WORD = 0x20;
  private static final int JUMP_IF_EQUAL = 0x15;
  private static final int RETURN = 0x06;
  private static final int ALLOW = 0x7fff0000;
  private static final int FAIL_WITH_EPERM = 0x00050001;
  private static final int KILL = 0x80000000;

  /** Of mkdir and mkdirat on x86_64 and aarch64; each processor has only one busybox uses. */
  private static final int[] MKDIR = {83, 258, 34};

  private LaunchPlan plan(ProcessSetup process) {
    LaunchPlan plan = bench.plan("c", process.body());
    return new LaunchPlan(
        plan.supervision(), plan.stdio(), plan.cgroups(), plan.namespaces(), plan.files(), process);
  }

  private static ProcessSetup shell(String script) {
    return Workbench.process(Workbench.shell(script));
  }

  /** Lines of /proc/self/status. */
  private Map<String, String> status(ProcessSetup process) throws Exception {
    Map<String, String> fields = new TreeMap<>();
    bench
        .output(plan(process.withBody(Workbench.program("cat", "/proc/self/status"))))
        .lines()
        .filter(line -> line.contains(":"))
        .forEach(line -> fields.put(line.split(":\\s*", 2)[0], line.split(":\\s*", 2)[1].strip()));
    return fields;
  }

  @Test
  void itRunsAsItsUserWithItsGroups() throws Exception {
    ProcessSetup process = shell("").withUser(1000, 1001, List.of(5, 7));
    Map<String, String> status = status(process);
    assertThat(status)
        .containsEntry("Uid", "1000\t1000\t1000\t1000")
        .containsEntry("Gid", "1001\t1001\t1001\t1001")
        .containsEntry("Groups", "5 7");
  }

  @Test
  void anOrdinaryUserHasNoCapabilityEffective() throws Exception {
    ProcessSetup process =
        shell("")
            .withUser(1000, 1000, List.of())
            .withCapabilities(new CapabilitySets(NET_BIND, 0, 0, 0, 0));
    assertThat(status(process))
        .containsEntry("CapEff", "0000000000000000")
        .containsEntry("CapPrm", "0000000000000000")
        .containsEntry("CapBnd", "0000000000000400");
  }

  @Test
  void ambientCapabilitiesReachAnOrdinaryUsersProgram() throws Exception {
    ProcessSetup process =
        shell("")
            .withUser(1000, 1000, List.of())
            .withCapabilities(
                new CapabilitySets(NET_BIND | SETUID, NET_BIND, NET_BIND, NET_BIND, NET_BIND));
    assertThat(status(process))
        .containsEntry("CapEff", "0000000000000400")
        .containsEntry("CapAmb", "0000000000000400")
        .containsEntry("CapInh", "0000000000000400")
        .containsEntry("CapBnd", "0000000000000480");
  }

  @Test
  void rootHasJustTheCapabilitiesGiven() throws Exception {
    assertThat(status(shell("").withCapabilities(CapabilitySets.of(NET_BIND))))
        .containsEntry("CapEff", "0000000000000400")
        .containsEntry("CapPrm", "0000000000000400")
        .containsEntry("CapBnd", "0000000000000400")
        .containsEntry("CapInh", "0000000000000000");
    assertThat(status(shell("").withCapabilities(CapabilitySets.NONE)))
        .containsEntry("CapEff", "0000000000000000");
  }

  @Test
  void noNewPrivilegesIsAsAsked() throws Exception {
    assertThat(status(shell(""))).containsEntry("NoNewPrivs", "1");
    assertThat(status(shell("").withConfinement(false, Optional.empty())))
        .containsEntry("NoNewPrivs", "0");
  }

  private static SeccompFilter filter(int action) {
    var program = new ArrayList<Long>();
    program.add(SeccompFilter.instruction(LOAD_WORD, 0, 0, 0));
    for (int number : MKDIR) {
      program.add(SeccompFilter.instruction(JUMP_IF_EQUAL, 0, 1, number));
      program.add(SeccompFilter.instruction(RETURN, 0, 0, action));
    }
    program.add(SeccompFilter.instruction(RETURN, 0, 0, ALLOW));
    return new SeccompFilter(program, 0);
  }

  @Test
  void systemCallsAreFiltered() throws Exception {
    for (boolean noNewPrivileges : List.of(true, false)) {
      ProcessSetup process =
          shell("mkdir /tmp/x && echo made")
              .withConfinement(noNewPrivileges, Optional.of(filter(FAIL_WITH_EPERM)));
      assertThat(bench.run(plan(process)).code()).isNotZero();
      assertThat(bench.logged("stderr")).contains("Operation not permitted");
      assertThat(bench.rootfs.resolve("tmp/x")).doesNotExist();
    }
  }

  @Test
  void aFilterMayKill() throws Exception {
    ProcessSetup process =
        Workbench.process(Workbench.program("mkdir", "/tmp/x"))
            .withConfinement(true, Optional.of(filter(KILL)));
    assertThat(bench.run(plan(process)).signal()).isEqualTo(31); // SIGSYS
  }

  @Test
  void limitsAreSet() throws Exception {
    ResourceLimit files = new ResourceLimit(ResourceLimit.Resource.NOFILE, 100, 200);
    ResourceLimit core = new ResourceLimit(ResourceLimit.Resource.CORE, 0, ResourceLimit.UNLIMITED);
    ProcessSetup process =
        shell("ulimit -n; ulimit -Hn; ulimit -c")
            .withLimits(List.of(files, core), OptionalInt.empty());
    assertThat(bench.output(plan(process))).isEqualTo("100\n200\n0\n");
  }

  @Test
  void theOomScoreIsSet() throws Exception {
    ProcessSetup process =
        shell("cat /proc/self/oom_score_adj").withLimits(List.of(), OptionalInt.of(777));
    assertThat(bench.output(plan(process))).isEqualTo("777\n");
  }

  @Test
  void theUmaskIsSetAndSignalsAreAtRest() throws Exception {
    assertThat(bench.outputOf("umask")).isEqualTo("0022\n");
    Map<String, String> status = status(shell(""));
    assertThat(status)
        .containsEntry("SigBlk", "0000000000000000")
        .containsEntry("SigIgn", "0000000000000000");
  }

  @Test
  void aWorkingDirectoryIsMadeWhereAbsent() throws Exception {
    ProcessSetup process = shell("pwd").withWorkingDirectory("/var/lib/new");
    assertThat(bench.output(plan(process))).isEqualTo("/var/lib/new\n");
    assertThat(bench.rootfs.resolve("var/lib/new")).isDirectory();
  }

  @Test
  void aWorkingDirectoryCannotLeadOut() throws Exception {
    Files.createSymbolicLink(bench.rootfs.resolve("out"), Path.of("../../../../etc"));
    Files.writeString(bench.rootfs.resolve("etc/mine"), "");
    ProcessSetup process = shell("pwd; ls").withWorkingDirectory("/out");
    assertThat(bench.output(plan(process))).isEqualTo("/etc\nmine\n");
    // CVE-2024-21626: a descriptor of the host's left open.
    LaunchPlan plan = plan(shell("pwd").withWorkingDirectory("/proc/self/fd/5"));
    Assertions.assertThatThrownBy(() -> bench.start(plan)).isInstanceOf(StartFailure.class);
  }

  @Test
  void aProgramCannotBeTheShimItself() throws Exception {
    // CVE-2019-5736: what is run by /proc/self/exe would be the shim's program.
    assumeTrue(program().endsWith("hearth-shim"), "the others are not static");
    Path script = bench.rootfs.resolve("bin/trick");
    Files.writeString(script, "#!/proc/self/exe\n");
    Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
    ContainerExit exit = bench.run(bench.plan("c", Workbench.program("/bin/trick")));
    assertThat(exit.code()).isEqualTo(64); // it says so, and ends; and its file is sealed
    assertThat(bench.logged("stderr")).contains("hearth-shim is started by hearthd");
  }

  @Test
  void stdioCanBeOpenedAnewByItsUser() throws Exception {
    ProcessSetup process =
        shell("echo out >/proc/self/fd/1; echo err >/proc/self/fd/2")
            .withUser(1000, 1000, List.of());
    assertThat(bench.output(plan(process))).isEqualTo("out\n");
    assertThat(bench.logged("stderr")).isEqualTo("err\n");
  }

  @Test
  void itLeadsASessionOfItsOwn() throws Exception {
    assertThat(bench.outputOf("cut -d' ' -f5-6 /proc/1/stat")).isEqualTo("1 1\n");
  }

  @Test
  void aSignalThatEndsItIsTold() throws Exception {
    ContainerExit exit = bench.run(bench.plan("c", Workbench.shell("sh -c 'kill -9 $$'; exit $?")));
    assertThat(exit.code()).isEqualTo(128 + Signals.KILL);
  }
}
