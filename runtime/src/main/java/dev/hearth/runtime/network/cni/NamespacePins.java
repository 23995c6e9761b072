package dev.hearth.runtime.network.cni;

import dev.hearth.linux.Errno;
import dev.hearth.linux.Fd;
import dev.hearth.linux.FileSystemStatus;
import dev.hearth.linux.LinuxException;
import dev.hearth.linux.Namespaces;
import dev.hearth.runtime.model.PodId;
import dev.hearth.runtime.network.NetworkException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Where plugins find the network namespaces of pods: pins in /run/netns beside the one in the pod's
 * own state. Agents that plugins hand their work to, in pods of their own, see that folder and no
 * other; and a pin of its own outlives the pod while a plugin has still something to take away.
 */
final class NamespacePins {
  private final Path folder;

  NamespacePins(Path folder) {
    this.folder = folder;
  }

  /** The path that plugins are given for a pod. */
  Path path(PodId pod) {
    return folder.resolve("hearth-" + pod.value());
  }

  /** Pins a pod's namespace; one that is pinned already stays so. */
  void pin(PodId pod, Path netns) throws NetworkException {
    Path pin = path(pod);
    try (Fd namespace = Namespaces.open(netns)) {
      if (isPinned(pin)) {
        return;
      }
      Files.createDirectories(folder);
      Namespaces.unpin(pin);
      Namespaces.pin(namespace, pin);
    } catch (LinuxException e) {
      throw new NetworkException.Refused("pin the network namespace of pod " + pod, e);
    } catch (IOException e) {
      throw new NetworkException.Storage("cannot make " + folder, e);
    }
  }

  /** Whether there is a namespace at a path; a pin that a reboot has emptied is none. */
  static boolean isPinned(Path pin) throws LinuxException {
    try {
      return FileSystemStatus.of(pin).magic() == FileSystemStatus.NSFS;
    } catch (LinuxException e) {
      if (e.isAnyOf(Errno.ENOENT, Errno.ENOTDIR)) {
        return false;
      }
      throw e;
    }
  }

  /** Lets go of a pod's namespace. */
  void unpin(PodId pod) throws NetworkException {
    try {
      Namespaces.unpin(path(pod));
    } catch (LinuxException e) {
      throw new NetworkException.Refused("let go of the network namespace of pod " + pod, e);
    }
  }
}
