package dev.hearth.runtime.network;

/** What passed an interface since it was made. */
public record InterfaceStatistics(
    String interfaceName,
    long rxBytes,
    long rxPackets,
    long rxErrors,
    long rxDropped,
    long txBytes,
    long txPackets,
    long txErrors,
    long txDropped) {}
