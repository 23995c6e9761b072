package dev.hearth.runtime.cri;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.hearth.proto.cri.v1.AuthConfig;
import dev.hearth.proto.cri.v1.FilesystemIdentifier;
import dev.hearth.proto.cri.v1.FilesystemUsage;
import dev.hearth.proto.cri.v1.ImageFilter;
import dev.hearth.proto.cri.v1.ImageFsInfoRequest;
import dev.hearth.proto.cri.v1.ImageFsInfoResponse;
import dev.hearth.proto.cri.v1.ImageServiceGrpc;
import dev.hearth.proto.cri.v1.ImageSpec;
import dev.hearth.proto.cri.v1.ImageStatusRequest;
import dev.hearth.proto.cri.v1.ImageStatusResponse;
import dev.hearth.proto.cri.v1.Int64Value;
import dev.hearth.proto.cri.v1.ListImagesRequest;
import dev.hearth.proto.cri.v1.ListImagesResponse;
import dev.hearth.proto.cri.v1.PullImageRequest;
import dev.hearth.proto.cri.v1.PullImageResponse;
import dev.hearth.proto.cri.v1.RemoveImageRequest;
import dev.hearth.proto.cri.v1.RemoveImageResponse;
import dev.hearth.proto.cri.v1.StreamImagesRequest;
import dev.hearth.proto.cri.v1.StreamImagesResponse;
import dev.hearth.runtime.image.Image;
import dev.hearth.runtime.image.ImageFsInfo;
import dev.hearth.runtime.image.ImageStatus;
import dev.hearth.runtime.image.ListImages;
import dev.hearth.runtime.image.PullImage;
import dev.hearth.runtime.image.PullProgress;
import dev.hearth.runtime.image.RemoveImage;
import dev.hearth.runtime.model.Digest;
import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.model.Sha256;
import dev.hearth.runtime.pod.RuntimeHandlers;
import dev.hearth.runtime.registry.Credentials;
import dev.hearth.runtime.snapshot.DiskUsage;
import io.grpc.stub.StreamObserver;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** CRI's ImageService. Each method translates, calls one verb, and translates back. */
public final class ImageService extends ImageServiceGrpc.ImageServiceImplBase {
  private final Calls calls;
  private final Verbs verbs;
  private final RuntimeHandlers handlers;
  private final Gson gson = new Gson();

  /**
   * What is done with images.
   *
   * @param written what all containers have written, on the same file system
   */
  public record Verbs(
      PullImage pull,
      ListImages list,
      ImageStatus status,
      RemoveImage remove,
      ImageFsInfo fsInfo,
      Supplier<DiskUsage> written) {}

  /**
   * @param handlers that a request may name
   */
  public ImageService(Calls calls, Verbs verbs, RuntimeHandlers handlers) {
    this.calls = calls;
    this.handlers = handlers;
    this.verbs = verbs;
  }

  @Override
  public void pullImage(PullImageRequest request, StreamObserver<PullImageResponse> observer) {
    calls.cancellable(
        "PullImage",
        request,
        observer,
        () ->
            PullImageResponse.newBuilder()
                .setImageRef(
                    verbs
                        .pull()
                        .pull(
                            named(request.getImage()),
                            credentials(request.getAuth()),
                            PullProgress.NONE)
                        .id()
                        .toString())
                .build());
  }

  private static Credentials credentials(AuthConfig auth) {
    return Credentials.of(
        auth.getUsername(),
        auth.getPassword(),
        auth.getAuth(),
        auth.getServerAddress(),
        auth.getIdentityToken(),
        auth.getRegistryToken());
  }

  /** Images are the same for all handlers, so it only has to be one we have. */
  private String named(ImageSpec spec) {
    if (spec.getImage().isEmpty()) {
      throw new HearthException.InvalidRequest("no image is named");
    }
    requireHandler(spec);
    return spec.getImage();
  }

  private void requireHandler(ImageSpec spec) {
    var _ = handlers.require(spec.getRuntimeHandler());
  }

  @Override
  public void listImages(ListImagesRequest request, StreamObserver<ListImagesResponse> observer) {
    calls.unary(
        "ListImages",
        request,
        observer,
        () ->
            ListImagesResponse.newBuilder()
                .addAllImages(images(request.getFilter()).toList())
                .build());
  }

  @Override
  public void streamImages(
      StreamImagesRequest request, StreamObserver<StreamImagesResponse> observer) {
    calls.answering(
        "StreamImages",
        request,
        observer,
        answers ->
            Parts.send(
                images(request.getFilter()),
                images -> StreamImagesResponse.newBuilder().addAllImages(images).build(),
                answers));
  }

  private Stream<dev.hearth.proto.cri.v1.Image> images(ImageFilter filter) {
    requireHandler(filter.getImage());
    return verbs.list().list(filter.getImage().getImage()).stream().map(ImageService::image);
  }

  @Override
  public void imageStatus(
      ImageStatusRequest request, StreamObserver<ImageStatusResponse> observer) {
    calls.unary("ImageStatus", request, observer, () -> status(request));
  }

  // An image that is not here is an empty answer, not an error: so CRI has it.
  private ImageStatusResponse status(ImageStatusRequest request) {
    Optional<ImageStatus.Status> found =
        verbs.status().status(named(request.getImage()), request.getVerbose());
    ImageStatusResponse.Builder response = ImageStatusResponse.newBuilder();
    found.ifPresent(status -> {
      response.setImage(image(status.image()));
      if (request.getVerbose()) {
        JsonObject info = new JsonObject();
        JsonElement configuration = JsonParser.parseString(status.configJson());
        info.addProperty("chainID", chainId(status.image().config().diffIds()));
        info.add("imageSpec", configuration);
        response.putInfo("info", gson.toJson(info));
      }
    });
    return response.build();
  }

  /** Names a stack of layers, as the image specification has it; empty for an empty image. */
  static String chainId(List<Digest> diffIds) {
    Optional<Digest> chain = Optional.empty();
    for (Digest layer : diffIds) {
      chain =
          Optional.of(
              chain
                  .map(below -> Sha256.of((below + " " + layer).getBytes(StandardCharsets.UTF_8)))
                  .orElse(layer));
    }
    return chain.map(Digest::toString).orElse("");
  }

  private static dev.hearth.proto.cri.v1.Image image(Image image) {
    dev.hearth.proto.cri.v1.Image.Builder builder =
        dev.hearth.proto.cri.v1.Image.newBuilder()
            .setId(image.id().toString())
            .addAllRepoTags(image.repoTags())
            .addAllRepoDigests(image.repoDigests())
            .setSize(image.size())
            .setUsername(image.username())
            .setSpec(ImageSpec.newBuilder().setImage(image.id().toString()))
            .setPinned(image.pinned());
    image.uid().ifPresent(uid -> builder.setUid(Int64Value.newBuilder().setValue(uid)));
    return builder.build();
  }

  @Override
  public void removeImage(
      RemoveImageRequest request, StreamObserver<RemoveImageResponse> observer) {
    calls.unary(
        "RemoveImage",
        request,
        observer,
        () -> {
          verbs.remove().remove(named(request.getImage()));
          return RemoveImageResponse.getDefaultInstance();
        });
  }

  @Override
  public void imageFsInfo(
      ImageFsInfoRequest request, StreamObserver<ImageFsInfoResponse> observer) {
    calls.unary(
        "ImageFsInfo",
        request,
        observer,
        () -> {
          ImageFsInfo.Usage images = verbs.fsInfo().usage();
          DiskUsage written = verbs.written().get();
          // Containers write to the same file system.
          return ImageFsInfoResponse.newBuilder()
              .addImageFilesystems(usage(images, images.bytes(), images.inodes()))
              .addContainerFilesystems(usage(images, written.bytes(), written.inodes()))
              .build();
        });
  }

  private static FilesystemUsage usage(ImageFsInfo.Usage where, long bytes, long inodes) {
    return FilesystemUsage.newBuilder()
        .setTimestamp(ToCri.nanos(where.at()))
        .setFsId(FilesystemIdentifier.newBuilder().setMountpoint(where.directory().toString()))
        .setUsedBytes(StatsToCri.value(bytes))
        .setInodesUsed(StatsToCri.value(inodes))
        .build();
  }
}
