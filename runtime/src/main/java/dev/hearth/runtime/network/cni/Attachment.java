package dev.hearth.runtime.network.cni;

/**
 * A pod's connection to one network, as it is recorded: a later DEL is given what ADD was given,
 * whatever the configuration says by then (section 3, lifecycle).
 *
 * @param configuration {@link NetworkList#text} of the network, in the version that is spoken;
 *     empty if it was lost
 * @param arguments CNI_ARGS
 * @param capabilities JSON of the capability arguments
 * @param result JSON of what ADD answered; empty until it has
 */
record Attachment(
    String network,
    String interfaceName,
    String configuration,
    String arguments,
    String capabilities,
    String result) {
  Attachment with(String newResult) {
    return new Attachment(
        network, interfaceName, configuration, arguments, capabilities, newResult);
  }
}
