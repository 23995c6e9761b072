package dev.hearth.runtime.nri;

import java.nio.file.Path;
import java.time.Duration;

/**
 * @param socket where plugins connect
 * @param plugins folder of plugins that Hearth starts itself
 * @param configurations folder of the plugins' own configuration files
 * @param registration how long a plugin may take from its connection until it knows everything
 * @param request how long a plugin may take to answer one call
 * @param version of Hearth
 */
public record NriSettings(
    Path socket,
    Path plugins,
    Path configurations,
    Duration registration,
    Duration request,
    String version) {
  /** What plugins are told the runtime is called. */
  static final String RUNTIME = "hearth";

  /** The release of NRI whose contract this is. */
  static final String CONTRACT = "v0.12.5";
}
