package dev.hearth.runtime.network;

import dev.hearth.linux.Fd;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Network namespaces made beforehand, with interface, addresses and routes, so that a pod need not
 * wait for them. Thread-safe.
 */
public interface PreparedNamespaces {
  /** There never is one. */
  PreparedNamespaces NONE =
      new PreparedNamespaces() {
        @Override
        public Optional<Fd> take(Path pin) {
          return Optional.empty();
        }

        @Override
        public void giveUp(Path pin) {}
      };

  /**
   * Takes one for a pod, if there is one. The caller pins it at the path and closes the descriptor;
   * {@link PodNetwork#attach} recognises it by the path.
   */
  Optional<Fd> take(Path pin);

  /** Gives up the one taken for a pin that was never attached; nothing happens if none was. */
  void giveUp(Path pin);
}
