package dev.hearth.runtime.spec;

import dev.hearth.linux.Namespace;
import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.model.NamespaceMode;
import dev.hearth.runtime.model.PodSpec;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Kernel parameters of a pod (sysctl(8)): only those that its own namespaces have. */
public final class Sysctls {
  private static final Set<String> OF_IPC =
      Set.of(
          "kernel.msgmax",
          "kernel.msgmnb",
          "kernel.msgmni",
          "kernel.sem",
          "kernel.shmall",
          "kernel.shmmax",
          "kernel.shmmni",
          "kernel.shm_rmid_forced");

  /** Every user may bind low ports and ping, as with the peers: there is nobody else to protect. */
  private static final Map<String, String> NETWORK_DEFAULTS =
      Map.of(
          "net.ipv4.ip_unprivileged_port_start", "0",
          "net.ipv4.ping_group_range", "0 2147483647");

  private Sysctls() {}

  /**
   * All parameters to set in the pod's namespaces, by dotted name.
   *
   * @throws HearthException.InvalidRequest for one that is the node's
   */
  public static Map<String, String> of(PodSpec pod) {
    Map<String, String> all = new HashMap<>();
    if (!pod.hostNetwork() && pod.namespaces().user().isEmpty()) {
      all.putAll(NETWORK_DEFAULTS);
    }
    pod.sysctls()
        .forEach((given, value) -> {
          String name = dotted(given);
          Namespace owner =
              owner(name)
                  .orElseThrow(() ->
                      new HearthException.InvalidRequest(
                          "sysctl " + given + " belongs to the node, not to a pod"));
          if (!owns(pod, owner)) {
            throw new HearthException.InvalidRequest(
                "sysctl "
                    + given
                    + " needs a pod that does not share its namespace with the"
                    + " node");
          }
          all.put(name, value);
        });
    return all;
  }

  /**
   * Names may be written with slashes, in which case dots are part of a name: {@code
   * net/ipv4/conf/eth0.1/forwarding}; the first of either decides.
   */
  private static String dotted(String name) {
    int slash = name.indexOf('/');
    int dot = name.indexOf('.');
    boolean slashes = slash >= 0 && (dot < 0 || slash < dot);
    String dotted = slashes ? name.replace('.', '\0').replace('/', '.').replace('\0', '/') : name;
    for (String part : dotted.split("\\.", -1)) {
      if (part.isEmpty() || part.equals("/") || part.contains("//")) {
        throw new HearthException.InvalidRequest("no sysctl: " + name);
      }
    }
    return dotted;
  }

  private static Optional<Namespace> owner(String name) {
    if (name.startsWith("net.")) {
      return Optional.of(Namespace.NETWORK);
    }
    return OF_IPC.contains(name) || name.startsWith("fs.mqueue.")
        ? Optional.of(Namespace.IPC)
        : Optional.empty();
  }

  private static boolean owns(PodSpec pod, Namespace kind) {
    return kind == Namespace.NETWORK
        ? !pod.hostNetwork()
        : pod.namespaces().ipc() != NamespaceMode.NODE;
  }
}
