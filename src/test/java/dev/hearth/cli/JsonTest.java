package dev.hearth.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonParser;
import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import dev.hearth.proto.admin.v1.InfoResponse;
import dev.hearth.proto.admin.v1.RecoveryReport;
import dev.hearth.proto.cri.v1.Container;
import dev.hearth.proto.cri.v1.ContainerConfig;
import dev.hearth.proto.cri.v1.ContainerStats;
import dev.hearth.proto.cri.v1.ContainerStatus;
import dev.hearth.proto.cri.v1.CpuUsage;
import dev.hearth.proto.cri.v1.IDMapping;
import dev.hearth.proto.cri.v1.Image;
import dev.hearth.proto.cri.v1.Int64Value;
import dev.hearth.proto.cri.v1.KeyValue;
import dev.hearth.proto.cri.v1.Mount;
import dev.hearth.proto.cri.v1.MountPropagation;
import dev.hearth.proto.cri.v1.PsiData;
import dev.hearth.proto.cri.v1.PsiStats;
import dev.hearth.proto.cri.v1.UInt64Value;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class JsonTest {
  static List<Message> messages() {
    return List.of(
        Container.getDefaultInstance(),
        ContainerConfig.newBuilder()
            .addEnvs(
                KeyValue.newBuilder()
                    .setKey("K")
                    .setValue(ByteString.copyFrom(new byte[] {0, -1, 7})))
            .addMounts(
                Mount.newBuilder()
                    .setPropagation(MountPropagation.PROPAGATION_BIDIRECTIONAL)
                    .addUidMappings(IDMapping.newBuilder().setHostId(-1).setLength(65536)))
            .putLabels("a", "b")
            .putLabels("<&>", "\"ä\u2028")
            .build(),
        Image.newBuilder().setSize(-1L).setUid(Int64Value.newBuilder().setValue(-5)).build(),
        ContainerStatus.newBuilder().setStateValue(99).setExitCode(-1).build(),
        ContainerStats.newBuilder()
            .setCpu(
                CpuUsage.newBuilder()
                    .setUsageNanoCores(UInt64Value.getDefaultInstance())
                    .setPsi(
                        PsiStats.newBuilder()
                            .setFull(PsiData.newBuilder().setAvg10(0.25).setTotal(Long.MIN_VALUE))
                            .setSome(PsiData.newBuilder().setAvg60(1e-7).setAvg300(Double.NaN))))
            .build(),
        InfoResponse.newBuilder()
            .setRecovery(RecoveryReport.newBuilder().addAdoptedPods("x"))
            .build());
  }

  @ParameterizedTest
  @MethodSource("messages")
  void messagesAreWrittenAsProtobufWritesThem(Message message) throws Exception {
    String reference = JsonFormat.printer().alwaysPrintFieldsWithNoPresence().print(message);
    assertThat(Json.of(message)).isEqualTo(JsonParser.parseString(reference));
  }

  @Test
  void infoIsJsonWhereItIsAndTextWhereNot() {
    assertThat(Json.info(Map.of("a", "{\"x\": [1, null]}")))
        .hasToString("{\"a\":{\"x\":[1,null]}}");
    assertThat(Json.info(Map.of("a", "{oops"))).hasToString("{\"a\":\"{oops\"}");
  }
}
