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

  private static final String OF_UTS = "kernel.domainname";

  private Sysctls() {}

  /**
   * What every pod's own namespaces begin with: every user may bind low ports and ping, as with the
   * peers, for there is nobody else to protect.
   */
  public static Map<String, String> defaults(PodSpec pod) {
    Map<String, String> all = new HashMap<>();
    if (!pod.hostNetwork()) {
      all.put("net.ipv4.ip_unprivileged_port_start", "0");
      if (pod.namespaces().user().isEmpty()) {
        // The kernel takes only groups that the user namespace maps.
        all.put("net.ipv4.ping_group_range", "0 2147483647");
      }
    }
    return all;
  }

  /**
   * The parameters that were asked for, by dotted name.
   *
   * @throws HearthException.InvalidRequest for one that is the node's
   */
  public static Map<String, String> requested(PodSpec pod) {
    Map<String, String> all = new HashMap<>();
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
                    + " needs a pod that does not share its "
                    + owner.procName()
                    + " namespace with the node");
          }
          all.put(name, value);
        });
    return all;
  }

  /** Those of {@link #requested(PodSpec)} that belong to namespaces of these kinds. */
  public static Map<String, String> requested(PodSpec pod, Set<Namespace> kinds) {
    Map<String, String> some = requested(pod);
    some.keySet().removeIf(name -> owner(name).filter(kinds::contains).isEmpty());
    return some;
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
    if (name.equals(OF_UTS)) {
      return Optional.of(Namespace.UTS);
    }
    return OF_IPC.contains(name) || name.startsWith("fs.mqueue.")
        ? Optional.of(Namespace.IPC)
        : Optional.empty();
  }

  private static boolean owns(PodSpec pod, Namespace kind) {
    // UTS goes with the network.
    return kind == Namespace.IPC
        ? pod.namespaces().ipc() != NamespaceMode.NODE
        : !pod.hostNetwork();
  }
}
