package dev.hearth.runtime.image;

import dev.hearth.runtime.model.Digest;
import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.model.ImageConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/**
 * An image that is here: all that is durable about it.
 *
 * @param id digest of its configuration
 * @param manifests digests of the manifests by which it was pulled; their blobs and the
 *     configuration's are kept
 * @param repoTags references in full that name it: {@code docker.io/library/busybox:latest}
 * @param repoDigests references in full by digest: {@code docker.io/library/busybox@sha256:…}
 * @param config what its configuration says
 * @param size what its layers and documents occupy on this disk, in bytes, whether shared or not
 * @param pinned whether the operator wants it kept
 * @param generation grows with every write of any image's record; where two records claim one tag
 *     the younger is right
 */
public record Image(
    Digest id,
    List<Digest> manifests,
    List<String> repoTags,
    List<String> repoDigests,
    ImageConfig config,
    long size,
    boolean pinned,
    long generation) {
  public Image {
    manifests = List.copyOf(manifests);
    repoTags = List.copyOf(repoTags);
    repoDigests = List.copyOf(repoDigests);
    if (size < 0) {
      throw new HearthException.InvalidRequest("image " + id + " has a negative size");
    }
  }

  /** The numeric user it says to run as; empty if it names one or says nothing. */
  public OptionalLong uid() {
    String user = user();
    boolean numeric = !user.isEmpty() && user.length() <= 10;
    for (int i = 0; i < user.length(); i++) {
      numeric &= user.charAt(i) >= '0' && user.charAt(i) <= '9';
    }
    return numeric ? OptionalLong.of(Long.parseLong(user)) : OptionalLong.empty();
  }

  /** The name of the user it says to run as; empty if it gives a number or says nothing. */
  public String username() {
    return uid().isPresent() ? "" : user();
  }

  private String user() {
    String user = config.user();
    int colon = user.indexOf(':');
    return colon < 0 ? user : user.substring(0, colon);
  }

  /** How containers record what they run: a repository digest, or the id where there is none. */
  public String reference() {
    return repoDigests.isEmpty() ? id.toString() : repoDigests.getFirst();
  }

  Image withTags(List<String> tags, long newGeneration) {
    return new Image(id, manifests, tags, repoDigests, config, size, pinned, newGeneration);
  }

  Image pinned(boolean newPinned, long newGeneration) {
    return new Image(id, manifests, repoTags, repoDigests, config, size, newPinned, newGeneration);
  }

  /** This image, known also by what another record of it says. */
  Image joined(Image other, long newGeneration) {
    return new Image(
        id,
        union(manifests, other.manifests),
        union(repoTags, other.repoTags),
        union(repoDigests, other.repoDigests),
        other.config,
        other.size,
        pinned || other.pinned,
        newGeneration);
  }

  private static <T> List<T> union(List<T> old, List<T> added) {
    List<T> all = new ArrayList<>(old);
    for (T one : added) {
      if (!all.contains(one)) {
        all.add(one);
      }
    }
    return all;
  }
}
