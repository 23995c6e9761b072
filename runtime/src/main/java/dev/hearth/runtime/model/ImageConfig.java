package dev.hearth.runtime.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What an image says about the process to run in it (OCI Image Specification 1.1, config.md).
 * Everything in it comes from a stranger.
 *
 * @param environment entries of the form NAME=value
 * @param user uid, name, uid:gid or name:group; may be empty
 * @param stopSignal name or number; may be empty
 * @param diffIds digests of the uncompressed layers, lowest first
 */
public record ImageConfig(
    String architecture,
    String os,
    List<String> entrypoint,
    List<String> command,
    List<String> environment,
    String workingDirectory,
    String user,
    String stopSignal,
    Map<String, String> labels,
    List<String> volumes,
    List<String> exposedPorts,
    List<Digest> diffIds) {
  public ImageConfig {
    entrypoint = List.copyOf(entrypoint);
    command = List.copyOf(command);
    environment = List.copyOf(environment);
    labels = Map.copyOf(labels);
    volumes = List.copyOf(volumes);
    exposedPorts = List.copyOf(exposedPorts);
    diffIds = List.copyOf(diffIds);
  }

  /** The same with one more layer on top. */
  public ImageConfig withLayer(Digest diffId) {
    List<Digest> more = new ArrayList<>(diffIds);
    more.add(diffId);
    return new ImageConfig(
        architecture,
        os,
        entrypoint,
        command,
        environment,
        workingDirectory,
        user,
        stopSignal,
        labels,
        volumes,
        exposedPorts,
        more);
  }
}
