package dev.hearth.runtime.nri;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.proto.nri.v1alpha1.CDIDevice;
import dev.hearth.proto.nri.v1alpha1.ContainerAdjustment;
import dev.hearth.proto.nri.v1alpha1.Field;
import dev.hearth.proto.nri.v1alpha1.KeyValue;
import dev.hearth.proto.nri.v1alpha1.LinuxContainerAdjustment;
import dev.hearth.proto.nri.v1alpha1.LinuxIOPriority;
import dev.hearth.proto.nri.v1alpha1.LinuxSeccomp;
import dev.hearth.proto.nri.v1alpha1.LinuxSeccompArg;
import dev.hearth.proto.nri.v1alpha1.LinuxSyscall;
import dev.hearth.proto.nri.v1alpha1.Mount;
import dev.hearth.proto.nri.v1alpha1.OptionalInt;
import dev.hearth.proto.nri.v1alpha1.OptionalUInt32;
import dev.hearth.runtime.model.Adjustment;
import dev.hearth.runtime.model.ContainerRecord;
import dev.hearth.runtime.model.EnvironmentVariable;
import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.model.MountSpec;
import dev.hearth.runtime.spec.SomeContainer;
import dev.hearth.runtime.spec.seccomp.Abi;
import dev.hearth.runtime.spec.seccomp.Circumstances;
import dev.hearth.runtime.spec.seccomp.ProfileJson;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class CreatedContainerTest {
  private static final ContainerRecord ASKED = SomeContainer.record();
  private static final String ID = ASKED.id().value();

  private final Owners owners = new Owners();

  private ContainerRecord granted(ContainerAdjustment.Builder wishes) {
    return new CreatedContainer(ASKED, wishes.build(), owners).granted();
  }

  private static ContainerAdjustment.Builder wish() {
    return ContainerAdjustment.newBuilder();
  }

  @Test
  void withoutAWishItStaysAsItWasAskedFor() {
    assertThat(granted(wish())).isSameAs(ASKED);
  }

  @Test
  void whatWasAskedForIsKeptBesideWhatWasMadeOfIt() {
    ContainerRecord granted =
        granted(
            wish()
                .addArgs("other")
                .putAnnotations("a", "b")
                .addEnv(KeyValue.newBuilder().setKey("-GONE"))
                .addEnv(KeyValue.newBuilder().setKey("NEW").setValue("1"))
                .addCDIDevices(CDIDevice.newBuilder().setName("vendor.com/class=dev"))
                .setLinux(
                    LinuxContainerAdjustment.newBuilder()
                        .setOomScoreAdj(OptionalInt.newBuilder().setValue(-5))));

    assertThat(granted.requested()).isEqualTo(ASKED.spec());
    assertThat(granted.spec().command()).containsExactly("other");
    assertThat(granted.spec().args()).isEmpty();
    assertThat(granted.spec().environment()).contains(new EnvironmentVariable("NEW", "1"));
    assertThat(granted.spec().cdiDevices()).containsExactly("vendor.com/class=dev");
    assertThat(granted.spec().resources().oomScoreAdj()).isEqualTo(-5);
    assertThat(granted.spec().annotations()).isEqualTo(ASKED.spec().annotations());
    assertThat(granted.adjustedAnnotations()).containsEntry("a", "b");
    assertThat(granted.adjustment().map(Adjustment::removedVariables).orElseThrow())
        .containsExactly("GONE");
  }

  @Test
  void aMountIsReadAsTheRuntimeSpecificationWritesIt() {
    ContainerRecord granted =
        granted(
            wish()
                .addMounts(
                    Mount.newBuilder()
                        .setDestination("/d")
                        .setSource("/s")
                        .setType("bind")
                        .addAllOptions(List.of("rbind", "ro", "rslave", "noexec"))));

    MountSpec mount = granted.spec().mounts().getLast();
    assertThat(mount.containerPath()).isEqualTo("/d");
    assertThat(mount.hostPath()).isEqualTo("/s");
    assertThat(mount.readonly()).isTrue();
    assertThat(mount.propagation()).isEqualTo(MountSpec.Propagation.HOST_TO_CONTAINER);
    assertThat(mount.options()).containsExactly("noexec");
  }

  @Test
  void aMountThatTheRequestHasNotCannotBeTakenAway() {
    owners.claim(ID, Field.Mounts, "/proc", new PluginName("10", "x"));

    assertThatThrownBy(() -> granted(wish().addMounts(Mount.newBuilder().setDestination("-/proc"))))
        .isInstanceOf(HearthException.Unsupported.class)
        .hasMessageContaining("plugin 10-x")
        .hasMessageContaining("/proc");
  }

  @Test
  void aSeccompPolicyBecomesAProfileThatCompiles() {
    ContainerRecord granted =
        granted(
            wish()
                .setLinux(
                    LinuxContainerAdjustment.newBuilder()
                        .setSeccompPolicy(
                            LinuxSeccomp.newBuilder()
                                .setDefaultAction("SCMP_ACT_ALLOW")
                                .addSyscalls(
                                    LinuxSyscall.newBuilder()
                                        .addNames("mkdir")
                                        .setAction("SCMP_ACT_ERRNO")
                                        .setErrnoRet(OptionalUInt32.newBuilder().setValue(5))
                                        .addArgs(
                                            LinuxSeccompArg.newBuilder()
                                                .setIndex(1)
                                                .setValue(-1)
                                                .setOp("SCMP_CMP_EQ"))))));

    String json = granted.adjustment().flatMap(Adjustment::seccomp).orElseThrow();
    assertThat(json).contains("18446744073709551615");
    Circumstances around = new Circumstances(Abi.X86_64, Set.of(), "6.1.0");
    assertThat(ProfileJson.parse("of the test", json, around).rules()).hasSize(1);
  }

  @Test
  void whatHearthDoesNotAdjustIsRefusedWithFieldAndPlugin() {
    owners.claim(ID, Field.IoPriority, "", new PluginName("10", "x"));

    assertThatThrownBy(() ->
            granted(
                wish()
                    .setLinux(
                        LinuxContainerAdjustment.newBuilder()
                            .setIoPriority(LinuxIOPriority.newBuilder().setPriority(3)))))
        .isInstanceOf(HearthException.Unsupported.class)
        .hasMessageContaining("plugin 10-x wants to change IoPriority");
  }
}
