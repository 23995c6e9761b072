package dev.hearth.runtime.image;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.hearth.runtime.model.Digest;
import dev.hearth.runtime.model.Sha256;
import dev.hearth.runtime.registry.MediaTypes;
import dev.hearth.runtime.registry.PushTarget;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.zip.GZIPOutputStream;

/** An image in the making, and where its parts are once pushed. */
final class TestImage {
  private static final String GZIP = "application/vnd.oci.image.layer.v1.tar+gzip";

  String architecture = "amd64";
  String variant = "";
  String os = "linux";
  String user = "";
  String label = "";
  String configType = MediaTypes.OCI_CONFIG;
  String layerType = GZIP;
  String layerExtra = "";
  String manifestType = MediaTypes.OCI_MANIFEST;
  final List<byte[]> archives = new ArrayList<>();
  final List<Digest> diffIds = new ArrayList<>();
  final List<Digest> falseDiffIds = new ArrayList<>();
  final List<Digest> layers = new ArrayList<>();
  Digest id = Digest.sha256("0".repeat(64));
  Digest manifest = id;
  int manifestSize;
  int configSize;

  TestImage layer(byte[] archive) {
    archives.add(archive);
    return this;
  }

  /** A layer of so many bytes that hardly compress. */
  TestImage layer(int seed, int size) {
    byte[] archive = new byte[size];
    new Random(seed).nextBytes(archive);
    return layer(archive);
  }

  TestImage label(String value) {
    label = value;
    return this;
  }

  static byte[] gzip(byte[] bytes) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  TestImage push(PushTarget registry, String repository, String tag) {
    List<String> descriptors = new ArrayList<>();
    layers.clear();
    diffIds.clear();
    diffIds.addAll(falseDiffIds);
    for (byte[] archive : archives) {
      byte[] compressed = layerType.endsWith("gzip") ? gzip(archive) : archive;
      Digest digest = registry.blob(repository, compressed);
      layers.add(digest);
      diffIds.add(Sha256.of(archive));
      descriptors.add(
          "{\"mediaType\":\"%s\",\"size\":%d,\"digest\":\"%s\"%s}"
              .formatted(layerType, compressed.length, digest, layerExtra));
    }
    byte[] config = config().getBytes(UTF_8);
    id = registry.blob(repository, config);
    configSize = config.length;
    String json =
        "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"config\":{\"mediaType\":\"%s\",\"size\":%d,\"digest\":\"%s\"},\"layers\":[%s]}"
            .formatted(manifestType, configType, config.length, id, String.join(",", descriptors));
    manifest = registry.manifest(repository, tag, manifestType, json);
    manifestSize = json.length();
    return this;
  }

  private String config() {
    return """
    {"architecture":"%s","os":"%s","variant":"%s","config":{"User":"%s","Env":["A=b"],
     "Entrypoint":["/e"],"Cmd":null,"WorkingDir":"/w","Labels":{"label":"%s"},
     "Volumes":{"/v":{}},"ExposedPorts":{"80/tcp":{}},"StopSignal":"SIGQUIT"},
     "rootfs":{"type":"layers","diff_ids":[%s]}}\
    """
        .formatted(
            architecture,
            os,
            variant,
            user,
            label,
            diffIds.stream().map(d -> "\"" + d + "\"").collect(Collectors.joining(",")));
  }

  /** An entry of an index for it. */
  String entry() {
    return "{\"mediaType\":\"%s\",\"size\":%d,\"digest\":\"%s\",\"platform\":{\"os\":\"%s\",\"architecture\":\"%s\",\"variant\":\"%s\"}}"
        .formatted(manifestType, manifestSize, manifest, os, architecture, variant);
  }

  static Digest index(PushTarget registry, String repository, String tag, String... entries) {
    return registry.manifest(
        repository,
        tag,
        MediaTypes.OCI_INDEX,
        "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"manifests\":[%s]}"
            .formatted(MediaTypes.OCI_INDEX, String.join(",", entries)));
  }
}
