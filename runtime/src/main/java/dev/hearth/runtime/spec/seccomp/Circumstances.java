package dev.hearth.runtime.spec.seccomp;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What decides on the rules of a profile that hold only sometimes: those with {@code includes} or
 * {@code excludes}, as Docker and Podman write them.
 *
 * @param capabilities of the container's bounding set, without CAP_
 * @param kernelRelease as uname(2) has it
 */
public record Circumstances(Abi abi, Set<String> capabilities, String kernelRelease) {
  private static final String PREFIX = "CAP_";

  public Circumstances {
    capabilities = Set.copyOf(capabilities);
  }

  /** Whether a rule is one of this container's. */
  boolean holds(JsonObject rule) {
    Optional<JsonObject> includes = filter(rule, "includes");
    Optional<JsonObject> excludes = filter(rule, "excludes");
    return includes.map(this::includes).orElse(true) && !excludes.map(this::excludes).orElse(false);
  }

  private static Optional<JsonObject> filter(JsonObject rule, String name) {
    return ProfileJson.field(rule, name).map(JsonElement::getAsJsonObject);
  }

  /** All capabilities, any architecture, a kernel no older. */
  private boolean includes(JsonObject filter) {
    List<String> arches = texts(filter, "arches");
    return texts(filter, "caps").stream().allMatch(this::capable)
        && (arches.isEmpty() || arches.contains(abi.goName()))
        && minKernel(filter).map(this::kernelIsAtLeast).orElse(true);
  }

  /** Any of what is named. */
  private boolean excludes(JsonObject filter) {
    return texts(filter, "caps").stream().anyMatch(this::capable)
        || texts(filter, "arches").contains(abi.goName())
        || minKernel(filter).map(this::kernelIsAtLeast).orElse(false);
  }

  private static List<String> texts(JsonObject filter, String name) {
    return ProfileJson.array(filter, name).asList().stream().map(JsonElement::getAsString).toList();
  }

  private static Optional<String> minKernel(JsonObject filter) {
    return ProfileJson.field(filter, "minKernel")
        .map(JsonElement::getAsString)
        .filter(text -> !text.isEmpty());
  }

  private boolean capable(String name) {
    return capabilities.contains(name.startsWith(PREFIX) ? name.substring(PREFIX.length()) : name);
  }

  private boolean kernelIsAtLeast(String version) {
    List<Integer> wanted = majorAndMinor(version);
    List<Integer> have = majorAndMinor(kernelRelease);
    int major = have.getFirst().compareTo(wanted.getFirst());
    return major > 0 || (major == 0 && have.getLast() >= wanted.getLast());
  }

  private static List<Integer> majorAndMinor(String version) {
    String[] parts = version.split("[.+-]", 3);
    if (parts.length < 2) {
      throw new IllegalArgumentException("no kernel version: " + version);
    }
    return List.of(Integer.valueOf(parts[0]), Integer.valueOf(parts[1]));
  }
}
