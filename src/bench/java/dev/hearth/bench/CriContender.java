package dev.hearth.bench;

import dev.hearth.testing.Cri;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** A runtime that is measured through CRI. */
interface CriContender extends AutoCloseable {
  /** The name in tables. */
  String name();

  /** Named in RunPodSandbox; empty for the runtime's default. */
  String handler();

  Cri cri();

  /** Where it serves CRI. */
  Path socket();

  /** A cgroup for the pods, the same depth for all. */
  String cgroupParent();

  long daemonPid();

  /** The processes that the runtime keeps for its pods and containers, beside their own. */
  List<Long> companions();

  /** Kills the daemon. */
  void kill();

  /** Starts the daemon again; returns when it answers. */
  void startAgain() throws IOException;

  @Override
  void close() throws IOException;
}
