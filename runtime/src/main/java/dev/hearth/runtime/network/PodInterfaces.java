package dev.hearth.runtime.network;

import dev.hearth.linux.BlockingCalls;
import dev.hearth.linux.LinuxException;
import dev.hearth.runtime.model.PodId;
import dev.hearth.runtime.network.netlink.Addresses;
import dev.hearth.runtime.network.netlink.Link;
import dev.hearth.runtime.network.netlink.Links;
import dev.hearth.runtime.network.netlink.NetlinkConnection;
import dev.hearth.runtime.network.netlink.NetlinkSockets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What there is of interfaces inside pods, whoever has made them. */
public final class PodInterfaces {
  private static final String LOOPBACK = "lo";

  private final NetlinkSockets sockets;
  private final BlockingCalls blocking;

  public PodInterfaces(NetlinkSockets sockets, BlockingCalls blocking) {
    this.sockets = sockets;
    this.blocking = blocking;
  }

  /** As {@link PodNetwork#statistics}, read in each pod's own namespace. */
  public Map<PodId, List<InterfaceStatistics>> statistics(Map<PodId, Path> pods)
      throws NetworkException {
    return call(() -> {
      Map<PodId, List<InterfaceStatistics>> statistics = new HashMap<>();
      for (Map.Entry<PodId, Path> pod : pods.entrySet()) {
        try {
          statistics.put(pod.getKey(), statistics(pod.getValue()));
        } catch (LinuxException _) {
          // A pod that is on its way out.
        }
      }
      return statistics;
    });
  }

  private List<InterfaceStatistics> statistics(Path netns) throws LinuxException {
    List<InterfaceStatistics> all = new ArrayList<>();
    try (NetlinkConnection routes = NetworkNamespace.at(netns, sockets).routes()) {
      for (byte[] body : routes.dump(Links.listWithStatistics())) {
        Link link = Link.parse(body);
        if (!link.name().equals(LOOPBACK) && link.up() && link.counters().isPresent()) {
          all.add(of(link.name(), link.counters().get()));
        }
      }
    }
    return all;
  }

  private static InterfaceStatistics of(String name, Link.Counters c) {
    return new InterfaceStatistics(
        name,
        c.rxBytes(),
        c.rxPackets(),
        c.rxErrors(),
        c.rxDropped(),
        c.txBytes(),
        c.txPackets(),
        c.txErrors(),
        c.txDropped());
  }

  /**
   * Makes sure that a pod's interface is up and has its addresses.
   *
   * @throws NetworkException.Defective saying what is missing
   */
  public void requireAddresses(Path netns, NetworkAttachment attachment) throws NetworkException {
    Optional<String> defect =
        call(() -> {
          try (NetlinkConnection routes = NetworkNamespace.at(netns, sockets).routes()) {
            return defect(routes, attachment);
          } catch (LinuxException e) {
            throw new NetworkException.Refused("look into the network namespace " + netns, e);
          }
        });
    if (defect.isPresent()) {
      throw new NetworkException.Defective("network namespace " + netns + ": " + defect.get());
    }
  }

  private static Optional<String> defect(NetlinkConnection routes, NetworkAttachment attachment)
      throws LinuxException {
    Optional<Link> link = Bridge.find(routes, attachment.interfaceName());
    if (link.isEmpty() || !link.get().up()) {
      return Optional.of("there is no " + attachment.interfaceName() + " that is up");
    }
    List<IpPrefix> present =
        routes.dump(Addresses.list()).stream()
            .map(Addresses.Assigned::parse)
            .filter(assigned -> assigned.link() == link.get().index())
            .map(assigned -> new IpPrefix(assigned.address(), assigned.prefixLength()))
            .toList();
    return attachment.addresses().stream()
        .filter(expected -> present.stream().noneMatch(p -> p.address().equals(expected.address())))
        .findFirst()
        .map(missing -> attachment.interfaceName() + " lacks " + missing);
  }

  private <T> T call(BlockingCalls.Call<T, NetworkException> call) throws NetworkException {
    try {
      return blocking.call(call);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new NetworkException.Unfinished("interrupted before the network was looked at");
    }
  }
}
