package dev.hearth.runtime.nri;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.proto.nri.v1alpha1.Container;
import dev.hearth.proto.nri.v1alpha1.ContainerAdjustment;
import dev.hearth.proto.nri.v1alpha1.KeyValue;
import dev.hearth.proto.nri.v1alpha1.LinuxCPU;
import dev.hearth.proto.nri.v1alpha1.LinuxContainerAdjustment;
import dev.hearth.proto.nri.v1alpha1.LinuxResources;
import dev.hearth.proto.nri.v1alpha1.Mount;
import dev.hearth.proto.nri.v1alpha1.OptionalUInt64;
import dev.hearth.runtime.model.HearthException;
import org.junit.jupiter.api.Test;

class CreationMergeTest {
  private static final PluginName FIRST = new PluginName("10", "first");
  private static final PluginName SECOND = new PluginName("20", "second");

  private final Owners owners = new Owners();
  private final CreationMerge merge =
      new CreationMerge(
          Container.newBuilder()
              .setId("c")
              .addArgs("app")
              .addEnv("HOME=/")
              .addEnv("A=1")
              .putAnnotations("kept", "k")
              .putAnnotations("old", "o")
              .addMounts(mount("/data", "/srv/data"))
              .build(),
          owners);

  private static Mount mount(String destination, String source) {
    return Mount.newBuilder().setDestination(destination).setSource(source).setType("bind").build();
  }

  private static ContainerAdjustment.Builder variable(String key, String value) {
    return ContainerAdjustment.newBuilder()
        .addEnv(KeyValue.newBuilder().setKey(key).setValue(value));
  }

  private static ContainerAdjustment shares(long shares) {
    return ContainerAdjustment.newBuilder()
        .setLinux(
            LinuxContainerAdjustment.newBuilder()
                .setResources(
                    LinuxResources.newBuilder()
                        .setCpu(
                            LinuxCPU.newBuilder()
                                .setShares(OptionalUInt64.newBuilder().setValue(shares)))))
        .build();
  }

  @Test
  void eachPluginSeesWhatTheOneBeforeItChanged() {
    merge.add(FIRST, variable("A", "2").putAnnotations("old", "new").build());
    merge.add(SECOND, variable("B", "3").addArgs("other").build());

    assertThat(merge.shown().getEnvList()).containsExactly("HOME=/", "A=2", "B=3");
    assertThat(merge.shown().getAnnotationsMap())
        .containsEntry("old", "new")
        .containsEntry("kept", "k");
    assertThat(merge.shown().getArgsList()).containsExactly("other");
    assertThat(merge.pristine().getEnvList()).containsExactly("HOME=/", "A=1");
  }

  @Test
  void twoThatSetOneVariableAreRefusedByName() {
    merge.add(FIRST, variable("A", "2").build());

    assertThatThrownBy(() -> merge.add(SECOND, variable("A", "3").build()))
        .isInstanceOf(HearthException.WrongState.class)
        .hasMessageContaining("10-first")
        .hasMessageContaining("20-second")
        .hasMessageContaining("Env A");
  }

  @Test
  void oneThatTakesAVariableAwayFirstMaySetItAnew() {
    merge.add(FIRST, variable("A", "2").build());
    merge.add(
        SECOND, variable("-A", "").addEnv(KeyValue.newBuilder().setKey("A").setValue("3")).build());

    assertThat(merge.shown().getEnvList()).containsExactly("HOME=/", "A=3");
    assertThat(merge.wishes().getEnvList())
        .containsExactly(KeyValue.newBuilder().setKey("A").setValue("3").build());
  }

  @Test
  void whatIsOnlyTakenAwayStaysAWish() {
    merge.add(FIRST, variable("-A", "").build());

    assertThat(merge.shown().getEnvList()).containsExactly("HOME=/");
    assertThat(merge.wishes().getEnvList()).extracting(KeyValue::getKey).containsExactly("-A");
  }

  @Test
  void aMountTakesThePlaceOfTheOneAtItsDestination() {
    merge.add(
        FIRST, ContainerAdjustment.newBuilder().addMounts(mount("/data", "/srv/other")).build());

    assertThat(merge.shown().getMountsList()).containsExactly(mount("/data", "/srv/other"));
    assertThatThrownBy(() ->
            merge.add(
                SECOND,
                ContainerAdjustment.newBuilder().addMounts(mount("/data", "/third")).build()))
        .hasMessageContaining("Mounts /data");
  }

  @Test
  void argumentsThatBeginWithAnEmptyOneReplaceAnothersToo() {
    merge.add(FIRST, ContainerAdjustment.newBuilder().addArgs("one").build());
    merge.add(SECOND, ContainerAdjustment.newBuilder().addArgs("").addArgs("two").build());

    assertThat(merge.wishes().getArgsList()).containsExactly("two");
  }

  @Test
  void limitsAreClaimedOneByOne() {
    merge.add(FIRST, shares(512));
    assertThatCode(() ->
            merge.add(
                SECOND,
                ContainerAdjustment.newBuilder()
                    .setLinux(
                        LinuxContainerAdjustment.newBuilder()
                            .setResources(
                                LinuxResources.newBuilder()
                                    .setCpu(LinuxCPU.newBuilder().setCpus("0-1"))))
                    .build()))
        .doesNotThrowAnyException();

    LinuxCPU cpu = merge.wishes().getLinux().getResources().getCpu();
    assertThat(cpu.getShares().getValue()).isEqualTo(512);
    assertThat(cpu.getCpus()).isEqualTo("0-1");
    assertThatThrownBy(() -> merge.add(SECOND, shares(1024)))
        .hasMessageContaining("CPUShares of container c");
  }

  @Test
  void ownersAreToldByFieldAndByEntry() {
    merge.add(FIRST, variable("A", "2").build());
    merge.add(SECOND, shares(512));

    var fields = owners.message().getOwnersOrThrow("c");
    assertThat(fields.getCompoundOrThrow(6).getOwnersOrThrow("A")).isEqualTo("10-first");
    assertThat(fields.getSimpleOrThrow(16)).isEqualTo("20-second");
  }
}
