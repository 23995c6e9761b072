package dev.hearth.runtime.network.cni;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * Where plugins and their configuration are, and how long an operation may take.
 *
 * @param configuration folder of network configurations
 * @param plugins folders of programs, the first that has one counts
 * @param namespaces folder where plugins find network namespaces, /run/netns
 * @param timeout of one operation on one pod, all its plugins together
 */
public record CniSettings(
    Path configuration, List<Path> plugins, Path namespaces, Duration timeout) {
  public CniSettings {
    plugins = List.copyOf(plugins);
  }
}
