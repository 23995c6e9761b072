package dev.hearth.runtime.registry;

import java.util.List;

/** Tells where the images of a registry can be had. */
@FunctionalInterface
public interface RegistryHosts {
  /** No configuration: every registry is asked itself. */
  RegistryHosts DIRECT = domain -> List.of(RegistryHost.direct(domain));

  /**
   * The hosts to try, in this order.
   *
   * @param domain the registry as image references name it
   * @throws RegistryException.Misconfigured if the configuration for it is wrong
   */
  List<RegistryHost> of(String domain) throws RegistryException.Misconfigured;
}
