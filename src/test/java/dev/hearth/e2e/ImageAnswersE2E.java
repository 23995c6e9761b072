package dev.hearth.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.hearth.linux.testing.NeedsRoot;
import dev.hearth.proto.cri.v1.Image;
import dev.hearth.proto.cri.v1.ImageFilter;
import dev.hearth.proto.cri.v1.ImageFsInfoRequest;
import dev.hearth.proto.cri.v1.ImageFsInfoResponse;
import dev.hearth.proto.cri.v1.ImageSpec;
import dev.hearth.proto.cri.v1.ImageStatusRequest;
import dev.hearth.proto.cri.v1.ImageStatusResponse;
import dev.hearth.proto.cri.v1.ListContainersRequest;
import dev.hearth.proto.cri.v1.ListImagesRequest;
import dev.hearth.proto.cri.v1.PodSandboxConfig;
import dev.hearth.proto.cri.v1.StreamImagesRequest;
import dev.hearth.testing.Pods;
import dev.hearth.testing.TestBed;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What the image calls say, and whether all calls say the same of one image. */
@NeedsRoot
class ImageAnswersE2E {
  @RegisterExtension static final TestBed BED = new TestBed();

  private static ImageStatusResponse status(String image, String handler) {
    return BED.cri()
        .images()
        .imageStatus(
            ImageStatusRequest.newBuilder()
                .setImage(ImageSpec.newBuilder().setImage(image).setRuntimeHandler(handler))
                .setVerbose(true)
                .build());
  }

  @Test
  void everyCallNamesAnImageByTheSameId() {
    String pulled = BED.cri().pull(BED.busybox());
    PodSandboxConfig pod = Pods.hostNetworkPod("named", BED.home().logs());
    String podId = BED.cri().runPod(pod);
    String id = BED.cri().create(podId, pod, Pods.container("c", BED.busybox(), "true"));

    assertThat(status(BED.busybox(), "").getImage().getId()).isEqualTo(pulled);
    assertThat(status(pulled, "hearth").getImage().getId()).isEqualTo(pulled);
    assertThat(BED.cri().status(id).getImageId()).isEqualTo(pulled);
    assertThat(
            BED.cri()
                .runtime()
                .listContainers(ListContainersRequest.getDefaultInstance())
                .getContainers(0)
                .getImageId())
        .isEqualTo(pulled);
    BED.cri().removePod(podId);
  }

  @Test
  void aVerboseStatusShowsTheImagesConfiguration() {
    JsonObject info =
        JsonParser.parseString(status(BED.busybox(), "").getInfoOrThrow("info")).getAsJsonObject();

    assertThat(info.get("chainID").getAsString()).startsWith("sha256:");
    assertThat(info.getAsJsonObject("imageSpec").has("rootfs")).isTrue();
  }

  @Test
  void aHandlerThatIsNotThereIsRefused() {
    assertThatThrownBy(() -> status(BED.busybox(), "absent"))
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT))
        .hasMessageContaining("absent");
  }

  @Test
  void imagesComeWholeAndInParts() {
    for (String filter : List.of("", BED.busybox(), "registry.local/absent:1")) {
      ImageFilter named =
          ImageFilter.newBuilder().setImage(ImageSpec.newBuilder().setImage(filter)).build();
      List<Image> parts = new ArrayList<>();
      BED.cri()
          .images()
          .streamImages(StreamImagesRequest.newBuilder().setFilter(named).build())
          .forEachRemaining(part -> parts.addAll(part.getImagesList()));
      assertThat(parts)
          .isEqualTo(
              BED.cri()
                  .images()
                  .listImages(ListImagesRequest.newBuilder().setFilter(named).build())
                  .getImagesList())
          .hasSize(filter.contains("absent") ? 0 : 1);
    }
  }

  @Test
  void theFileSystemOfImagesIsThatOfWritableLayers() {
    ImageFsInfoResponse info =
        BED.cri().images().imageFsInfo(ImageFsInfoRequest.getDefaultInstance());

    assertThat(info.getImageFilesystems(0).getUsedBytes().getValue()).isPositive();
    assertThat(info.getImageFilesystems(0).getFsId().getMountpoint())
        .isEqualTo(BED.home().root().toString())
        .isEqualTo(info.getContainerFilesystems(0).getFsId().getMountpoint());
  }
}
