package dev.hearth.runtime.cgroup;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/** Says what a host lacks, once each. */
final class Warnings {
  private final Consumer<String> sink;
  private final Set<String> said = ConcurrentHashMap.newKeySet();

  Warnings(Consumer<String> sink) {
    this.sink = sink;
  }

  void once(String message) {
    if (said.add(message)) {
      sink.accept(message);
    }
  }
}
