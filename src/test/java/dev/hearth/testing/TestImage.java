package dev.hearth.testing;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * An image ready to be pushed: for one platform a manifest, its configuration and layers; for
 * several an index and the images in it.
 *
 * @param root the manifest or the index
 * @param content everything the root refers to directly that is a blob
 * @param members the images of an index
 */
public record TestImage(
    Blob root, String architecture, List<Blob> content, List<TestImage> members) {

  /** The two families of media types. */
  public enum Format {
    DOCKER(
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.docker.container.image.v1+json"),
    OCI(
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.oci.image.config.v1+json");

    final String manifest;
    final String index;
    final String config;

    Format(String manifest, String index, String config) {
      this.manifest = manifest;
      this.index = index;
      this.config = config;
    }

    private String layer(TestLayer.Compression compression) {
      return switch (this) {
        case DOCKER -> "application/vnd.docker.image.rootfs.diff.tar" + compression.dockerSuffix;
        case OCI -> "application/vnd.oci.image.layer.v1.tar" + compression.ociSuffix;
      };
    }
  }

  public TestImage {
    content = List.copyOf(content);
    members = List.copyOf(members);
  }

  /** The digest under which the root can be pulled. */
  public String digest() {
    return root.digest();
  }

  /**
   * Makes an image for one platform.
   *
   * @param folder where its manifest and configuration are written
   * @param run the {@code config} object of the image configuration: Cmd, Env, User and so on
   */
  public static TestImage of(
      Path folder, Format format, String architecture, JsonObject run, List<TestLayer> layers)
      throws IOException {
    var content = new ArrayList<Blob>();
    var diffIds = new JsonArray();
    var descriptors = new JsonArray();
    for (TestLayer layer : layers) {
      Blob blob = layer.blob();
      var typed =
          new Blob(format.layer(layer.compression()), blob.digest(), blob.size(), blob.file());
      content.add(typed);
      diffIds.add(layer.diffId());
      descriptors.add(descriptor(typed));
    }
    Blob config = json(folder, format.config, configuration(architecture, run, diffIds));
    content.add(config);

    var manifest = new JsonObject();
    manifest.addProperty("schemaVersion", 2);
    manifest.addProperty("mediaType", format.manifest);
    manifest.add("config", descriptor(config));
    manifest.add("layers", descriptors);
    return new TestImage(json(folder, format.manifest, manifest), architecture, content, List.of());
  }

  /** Makes an index of images for several platforms. */
  public static TestImage index(Path folder, Format format, List<TestImage> members)
      throws IOException {
    var manifests = new JsonArray();
    for (TestImage member : members) {
      var platform = new JsonObject();
      platform.addProperty("architecture", member.architecture);
      platform.addProperty("os", "linux");
      JsonObject descriptor = descriptor(member.root);
      descriptor.add("platform", platform);
      manifests.add(descriptor);
    }
    var index = new JsonObject();
    index.addProperty("schemaVersion", 2);
    index.addProperty("mediaType", format.index);
    index.add("manifests", manifests);
    return new TestImage(json(folder, format.index, index), "", List.of(), members);
  }

  private static JsonObject configuration(String architecture, JsonObject run, JsonArray diffIds) {
    var rootfs = new JsonObject();
    rootfs.addProperty("type", "layers");
    rootfs.add("diff_ids", diffIds);
    var configuration = new JsonObject();
    configuration.addProperty("architecture", architecture);
    configuration.addProperty("os", "linux");
    configuration.addProperty("created", "2020-01-01T00:00:00Z");
    configuration.add("config", run);
    configuration.add("rootfs", rootfs);
    return configuration;
  }

  private static JsonObject descriptor(Blob blob) {
    var descriptor = new JsonObject();
    descriptor.addProperty("mediaType", blob.mediaType());
    descriptor.addProperty("size", blob.size());
    descriptor.addProperty("digest", blob.digest());
    return descriptor;
  }

  private static Blob json(Path folder, String mediaType, JsonObject object) throws IOException {
    Path file = Files.createTempFile(folder, "image", ".json");
    Files.writeString(file, object.toString());
    return Blob.of(mediaType, file);
  }
}
