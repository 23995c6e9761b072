package dev.hearth.runtime.registry;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.hearth.runtime.model.Digest;

/** A registry that tests put images into. */
public interface PushTarget extends AutoCloseable {
  /** Host and port, as an image reference names it. */
  String domain();

  Digest blob(String repository, byte[] bytes);

  Digest manifest(String repository, String tag, String type, byte[] bytes);

  default Digest manifest(String repository, String tag, String type, String json) {
    return manifest(repository, tag, type, json.getBytes(UTF_8));
  }

  @Override
  void close();
}
