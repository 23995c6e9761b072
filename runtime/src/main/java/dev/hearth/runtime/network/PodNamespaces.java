package dev.hearth.runtime.network;

import dev.hearth.linux.BlockingCalls;
import dev.hearth.linux.Errno;
import dev.hearth.linux.Fd;
import dev.hearth.linux.FileSystemStatus;
import dev.hearth.linux.LinuxException;
import dev.hearth.linux.Namespace;
import dev.hearth.linux.Namespaces;
import dev.hearth.linux.Netlink;
import dev.hearth.linux.SmallFiles;
import dev.hearth.runtime.network.netlink.Links;
import dev.hearth.runtime.network.netlink.NetlinkConnection;
import dev.hearth.runtime.network.netlink.NetlinkSockets;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The namespaces that the containers of a pod share, kept by pins {@code <pod's state>/ns/net},
 * {@code ipc}, {@code uts} and {@code user} without any process in them.
 */
public final class PodNamespaces {
  private static final Path SETTINGS = Path.of("/proc/sys");
  private static final Path NETWORK_SETTINGS = SETTINGS.resolve("net");

  private static final Set<Namespace> KINDS =
      EnumSet.of(Namespace.NETWORK, Namespace.IPC, Namespace.UTS, Namespace.USER);

  private final NetlinkSockets sockets;
  private final PreparedNamespaces prepared;
  private final BlockingCalls blocking;

  /**
   * @param prepared where to look for a network namespace before one is made
   * @param blocking where calls that may block are made
   */
  public PodNamespaces(
      NetlinkSockets sockets, PreparedNamespaces prepared, BlockingCalls blocking) {
    this.sockets = sockets;
    this.prepared = prepared;
    this.blocking = blocking;
  }

  /**
   * What the new namespaces are like.
   *
   * @param kinds of NETWORK, IPC, UTS and USER, those that are to be new
   * @param hostName for a new UTS namespace; empty leaves the host's
   * @param sysctls by name, as {@code net.core.somaxconn}; each must be about a namespace that is
   *     new
   */
  public record Request(Set<Namespace> kinds, String hostName, Map<String, String> sysctls) {
    public Request {
      kinds = Set.copyOf(kinds);
      sysctls = Map.copyOf(sysctls);
      if (!KINDS.containsAll(kinds)) {
        throw new IllegalArgumentException("pods have no pinned namespaces of " + kinds);
      }
    }
  }

  /**
   * Makes namespaces that belong to a new user namespace and pins them, which takes a process of
   * one thread.
   */
  @FunctionalInterface
  public interface Owner {
    /**
     * @param pins where each is to be pinned, USER among them; files made when absent
     * @param settings files of /proc/sys and what they are to say
     */
    void make(Map<Namespace, Path> pins, String hostName, Map<Path, String> settings)
        throws Exception;
  }

  /** Where a namespace of a pod is pinned. */
  public static Path pin(Path podState, Namespace kind) {
    return podState.resolve("ns").resolve(kind.procName());
  }

  /**
   * Makes the namespaces, loopback up, and pins them. What an earlier attempt left is removed
   * first; what fails leaves nothing.
   *
   * @param podState the pod's directory of volatile state; created when absent. {@link #pin} tells
   *     where the namespaces are from now on
   */
  public void create(Path podState, Request request) throws NetworkException {
    if (request.kinds().contains(Namespace.USER)) {
      throw new IllegalArgumentException("a virtual machine cannot make a user namespace");
    }
    Map<Path, String> settings = settings(request.kinds(), request.sysctls());
    remove(podState);
    if (request.kinds().isEmpty()) {
      return;
    }
    try {
      make(podState, request, settings);
    } catch (LinuxException e) {
      throw removing(podState, new NetworkException.Refused("make namespaces in " + podState, e));
    } catch (NetworkException e) {
      throw removing(podState, e);
    }
  }

  /**
   * As {@link #create(Path, Request)}, of namespaces that belong to a user namespace among them.
   * Who makes them sets their sysctls too, which for those of IPC nobody else could.
   */
  public void create(Path podState, Request request, Owner owner) throws Exception {
    Map<Path, String> settings = settings(request.kinds(), request.sysctls());
    remove(podState);
    try {
      owner.make(pins(podState, request.kinds()), request.hostName(), settings);
      if (request.kinds().contains(Namespace.NETWORK)) {
        bringLoopbackUp(pin(podState, Namespace.NETWORK));
      }
    } catch (LinuxException e) {
      throw removing(podState, new NetworkException.Refused("make namespaces in " + podState, e));
    } catch (Exception e) {
      throw removing(podState, e);
    }
  }

  private void bringLoopbackUp(Path pin) throws LinuxException {
    try (Fd namespace = Namespaces.open(pin)) {
      Namespaces.inside(
          Map.of(Namespace.NETWORK, namespace),
          () -> {
            bringLoopbackUp();
            return true;
          });
    }
  }

  private void bringLoopbackUp() throws LinuxException {
    try (NetlinkConnection routes = new NetlinkConnection(sockets.open(Netlink.Protocol.ROUTE))) {
      routes.request(Links.loopbackUp());
    }
  }

  private static Map<Namespace, Path> pins(Path podState, Set<Namespace> kinds)
      throws NetworkException {
    try {
      Files.createDirectories(podState.resolve("ns"));
    } catch (IOException e) {
      throw new NetworkException.Storage("cannot make a place for namespaces in " + podState, e);
    }
    Map<Namespace, Path> pins = new EnumMap<>(Namespace.class);
    kinds.forEach(kind -> pins.put(kind, pin(podState, kind)));
    return pins;
  }

  private <E extends Exception> E removing(Path podState, E failure) {
    try {
      remove(podState);
    } catch (NetworkException cleanup) {
      failure.addSuppressed(cleanup);
    }
    return failure;
  }

  private void make(Path podState, Request request, Map<Path, String> settings)
      throws LinuxException, NetworkException {
    Path networkPin = pin(podState, Namespace.NETWORK);
    // A link takes over net.*.conf.default when it is made, so one that is there is too late.
    boolean plain = settings.keySet().stream().noneMatch(path -> path.startsWith(NETWORK_SETTINGS));
    Optional<Fd> network =
        plain && request.kinds().contains(Namespace.NETWORK)
            ? prepared.take(networkPin)
            : Optional.empty();
    if (network.isEmpty()) {
      makeNew(podState, request.kinds(), request.hostName(), settings);
      return;
    }
    try (Fd namespace = network.get()) {
      var _ = pins(podState, request.kinds());
      Namespaces.pin(namespace, networkPin);
    }
    Set<Namespace> others = EnumSet.copyOf(request.kinds());
    others.remove(Namespace.NETWORK);
    if (!others.isEmpty()) {
      makeNew(podState, others, request.hostName(), settings);
    }
  }

  /** Makes new namespaces of these kinds, and pins them. */
  private void makeNew(
      Path podState, Set<Namespace> kinds, String hostName, Map<Path, String> settings)
      throws LinuxException, NetworkException {
    Map<Namespace, Path> pins = pins(podState, kinds);
    Namespaces.<Boolean, NetworkException>inNew(
        kinds,
        () -> {
          try {
            prepare(kinds, hostName);
            write(settings);
            for (Map.Entry<Namespace, Path> pin : pins.entrySet()) {
              Namespaces.pin(pin.getKey(), pin.getValue());
            }
            return true;
          } catch (LinuxException e) {
            throw new NetworkException.Refused("make namespaces in " + podState, e);
          }
        });
  }

  /** Runs inside the new namespaces. */
  private void prepare(Set<Namespace> kinds, String hostName) throws LinuxException {
    if (kinds.contains(Namespace.UTS) && !hostName.isEmpty()) {
      Namespaces.setHostName(hostName);
    }
    if (kinds.contains(Namespace.NETWORK)) {
      bringLoopbackUp();
    }
  }

  /**
   * Sets kernel parameters of the namespaces.
   *
   * @param kinds that are the pod's own
   * @param sysctls by name; each must be about one of them
   * @throws NetworkException.Invalid if one is not, or the kernel knows no such name or value
   */
  public static void configure(Path podState, Set<Namespace> kinds, Map<String, String> sysctls)
      throws NetworkException {
    Map<Path, String> settings = settings(kinds, sysctls);
    Map<Namespace, Fd> namespaces = new EnumMap<>(Namespace.class);
    try {
      for (Namespace kind : kinds) {
        namespaces.put(kind, Namespaces.open(pin(podState, kind)));
      }
      Namespaces.<Boolean, NetworkException>inside(
          namespaces,
          () -> {
            write(settings);
            return true;
          });
    } catch (LinuxException e) {
      throw new NetworkException.Refused("configure the namespaces in " + podState, e);
    } finally {
      namespaces.values().forEach(Fd::close);
    }
  }

  /** Runs inside the namespaces. */
  private static void write(Map<Path, String> settings) throws NetworkException {
    for (Map.Entry<Path, String> setting : settings.entrySet()) {
      try {
        SmallFiles.write(setting.getKey(), setting.getValue());
      } catch (LinuxException e) {
        String name = SETTINGS.relativize(setting.getKey()).toString();
        if (e.isAnyOf(Errno.ENOENT, Errno.ENOTDIR)) {
          throw new NetworkException.Invalid("this kernel has no sysctl " + name);
        }
        if (e.isAnyOf(Errno.EINVAL, Errno.ERANGE, Errno.EACCES, Errno.EPERM)) {
          throw new NetworkException.Invalid(
              "the kernel refuses " + name + " = " + setting.getValue() + ": " + e.getMessage());
        }
        throw new NetworkException.Refused("set sysctl " + name, e);
      }
    }
  }

  /** Unpins the namespaces and removes the directory of pins; what is gone already is fine. */
  public void remove(Path podState) throws NetworkException {
    prepared.giveUp(pin(podState, Namespace.NETWORK));
    Path directory = podState.resolve("ns");
    if (!Files.isDirectory(directory)) {
      return;
    }
    try {
      blocking.run(() -> unpin(podState));
    } catch (LinuxException e) {
      throw new NetworkException.Refused("let go of the namespaces in " + podState, e);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      throw new NetworkException.Unfinished(
          "interrupted before the namespaces in " + podState + " were let go of");
    }
    try {
      Files.deleteIfExists(directory);
    } catch (IOException e) {
      throw new NetworkException.Storage("cannot remove " + directory, e);
    }
  }

  private static void unpin(Path podState) throws LinuxException {
    LinuxException failure = null;
    for (Namespace kind : KINDS) {
      try {
        Namespaces.unpin(pin(podState, kind));
      } catch (LinuxException e) {
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  /** The namespaces that are pinned; a pin that a reboot has emptied does not count. */
  public static Set<Namespace> present(Path podState) throws NetworkException {
    Set<Namespace> present = EnumSet.noneOf(Namespace.class);
    for (Namespace kind : KINDS) {
      try {
        if (FileSystemStatus.of(pin(podState, kind)).magic() == FileSystemStatus.NSFS) {
          present.add(kind);
        }
      } catch (LinuxException e) {
        if (!e.isAnyOf(Errno.ENOENT, Errno.ENOTDIR)) {
          throw new NetworkException.Refused("examine the namespaces in " + podState, e);
        }
      }
    }
    return present;
  }

  /** Where to write what; refuses whatever would change the host instead of the pod. */
  private static Map<Path, String> settings(Set<Namespace> kinds, Map<String, String> sysctls)
      throws NetworkException {
    Map<Path, String> settings = new LinkedHashMap<>();
    for (Map.Entry<String, String> sysctl : sysctls.entrySet()) {
      String name = slashed(sysctl.getKey());
      if (!belongsTo(kinds, name) || List.of(name.split("/", -1)).contains("..")) {
        throw new NetworkException.Invalid(
            "sysctl " + sysctl.getKey() + " is not one of the pod's own namespaces " + kinds);
      }
      settings.put(SETTINGS.resolve(name), sysctl.getValue());
    }
    return settings;
  }

  /** As sysctl(8) has it: whichever of . and / comes first separates, the other is swapped. */
  private static String slashed(String name) {
    int dot = name.indexOf('.');
    int slash = name.indexOf('/');
    if (slash >= 0 && (dot < 0 || slash < dot)) {
      return name;
    }
    StringBuilder swapped = new StringBuilder(name);
    for (int i = 0; i < swapped.length(); i++) {
      switch (swapped.charAt(i)) {
        case '.' -> swapped.setCharAt(i, '/');
        case '/' -> swapped.setCharAt(i, '.');
        default -> {}
      }
    }
    return swapped.toString();
  }

  private static boolean belongsTo(Set<Namespace> kinds, String name) {
    if (name.startsWith("net/")) {
      return kinds.contains(Namespace.NETWORK);
    }
    if (name.equals("kernel/domainname")) {
      return kinds.contains(Namespace.UTS);
    }
    return kinds.contains(Namespace.IPC)
        && (name.startsWith("kernel/shm")
            || name.startsWith("kernel/msg")
            || name.equals("kernel/sem")
            || name.startsWith("fs/mqueue/"));
  }
}
