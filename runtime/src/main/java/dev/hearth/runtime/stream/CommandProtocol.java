package dev.hearth.runtime.stream;

import java.util.List;

/**
 * Versions of the protocol of exec and attach, from remotecommand of Kubernetes. The first two
 * cannot resize a terminal; before the fourth a failure is plain text, from there on a Status
 * object with the exit code; the fifth, for WebSocket alone, lets clients end stdin.
 */
enum CommandProtocol {
  V1("channel.k8s.io", false, false),
  V2("v2.channel.k8s.io", false, false),
  V3("v3.channel.k8s.io", true, false),
  V4("v4.channel.k8s.io", true, true),
  V5("v5.channel.k8s.io", true, true);

  static final List<CommandProtocol> OF_SPDY = List.of(V4, V3, V2, V1);
  static final List<CommandProtocol> OF_WEB_SOCKET = List.of(V5, V4, V1);

  private final String protocolName;
  private final boolean resizes;
  private final boolean hasStatus;

  CommandProtocol(String protocolName, boolean resizes, boolean hasStatus) {
    this.protocolName = protocolName;
    this.resizes = resizes;
    this.hasStatus = hasStatus;
  }

  String protocolName() {
    return protocolName;
  }

  /** Whether there is a stream of terminal sizes. */
  boolean resizes() {
    return resizes;
  }

  /** Whether an outcome is told as a Status object. */
  boolean hasStatus() {
    return hasStatus;
  }

  static CommandProtocol named(String name) {
    for (CommandProtocol protocol : values()) {
      if (protocol.protocolName.equals(name)) {
        return protocol;
      }
    }
    throw new IllegalArgumentException("no such protocol: " + name);
  }
}
