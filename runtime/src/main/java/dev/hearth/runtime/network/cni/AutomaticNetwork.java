package dev.hearth.runtime.network.cni;

import dev.hearth.linux.Fd;
import dev.hearth.runtime.model.PodId;
import dev.hearth.runtime.network.BuiltInNetwork;
import dev.hearth.runtime.network.InterfaceStatistics;
import dev.hearth.runtime.network.IpPrefix;
import dev.hearth.runtime.network.NetworkAttachment;
import dev.hearth.runtime.network.NetworkException;
import dev.hearth.runtime.network.NetworkStatus;
import dev.hearth.runtime.network.PendingTeardown;
import dev.hearth.runtime.network.PodNetwork;
import dev.hearth.runtime.network.PodNetworkRequest;
import dev.hearth.runtime.network.PreparedNamespaces;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Plugins' network where one is configured, the built-in one elsewhere. That is looked at for each
 * new pod, so a plugin that is installed later counts from then on; a pod stays with the network
 * that has connected it.
 */
public final class AutomaticNetwork implements PodNetwork {
  private final CniNetwork plugins;
  private final BuiltInNetwork builtIn;

  /** Pins of namespaces that the built-in network has made beforehand, until they are attached. */
  private final Set<Path> prepared = ConcurrentHashMap.newKeySet();

  public AutomaticNetwork(CniNetwork plugins, BuiltInNetwork builtIn) {
    this.plugins = plugins;
    this.builtIn = builtIn;
  }

  private PodNetwork of(PodId pod) {
    if (plugins.knows(pod)) {
      return plugins;
    }
    return builtIn.knows(pod) ? builtIn : forNewPods();
  }

  private PodNetwork forNewPods() {
    return plugins.isConfigured() ? plugins : builtIn;
  }

  @Override
  public NetworkAttachment attach(PodId pod, Path netns, PodNetworkRequest request)
      throws NetworkException {
    // What is in the namespace already decides, whatever has been configured since.
    return prepared.remove(netns)
        ? builtIn.attach(pod, netns, request)
        : of(pod).attach(pod, netns, request);
  }

  @Override
  public void detach(PodId pod, Optional<Path> netns) throws NetworkException {
    of(pod).detach(pod, netns);
  }

  @Override
  public void check(PodId pod, Path netns) throws NetworkException {
    of(pod).check(pod, netns);
  }

  @Override
  public NetworkStatus status() {
    return forNewPods().status();
  }

  @Override
  public List<PendingTeardown> pending() {
    List<PendingTeardown> pending = new ArrayList<>(builtIn.pending());
    pending.addAll(plugins.pending());
    return pending;
  }

  /** The built-in network makes nothing on the host while it has no pods and is not to get any. */
  @Override
  public List<String> reconcile(Map<PodId, Path> live) throws NetworkException {
    Map<PodId, Path> connectedByPlugins = new HashMap<>();
    Map<PodId, Path> others = new HashMap<>();
    live.forEach(
        (pod, netns) -> (of(pod) == plugins ? connectedByPlugins : others).put(pod, netns));
    List<String> done = new ArrayList<>(plugins.reconcile(connectedByPlugins));
    if (!plugins.isConfigured() || builtIn.hasPods()) {
      done.addAll(builtIn.reconcile(others));
    }
    return done;
  }

  @Override
  public Map<PodId, List<InterfaceStatistics>> statistics(Map<PodId, Path> pods)
      throws NetworkException {
    Map<PodId, Path> connectedByPlugins = new HashMap<>();
    Map<PodId, Path> others = new HashMap<>();
    pods.forEach(
        (pod, netns) -> (plugins.knows(pod) ? connectedByPlugins : others).put(pod, netns));
    Map<PodId, List<InterfaceStatistics>> statistics = new HashMap<>();
    if (!connectedByPlugins.isEmpty()) {
      statistics.putAll(plugins.statistics(connectedByPlugins));
    }
    if (!others.isEmpty()) {
      statistics.putAll(builtIn.statistics(others));
    }
    return statistics;
  }

  @Override
  public String details(PodId pod) {
    return of(pod).details(pod);
  }

  @Override
  public PreparedNamespaces prepared() {
    return new PreparedNamespaces() {
      @Override
      public Optional<Fd> take(Path pin) {
        if (plugins.isConfigured()) {
          return Optional.empty();
        }
        Optional<Fd> taken = builtIn.prepared().take(pin);
        if (taken.isPresent()) {
          prepared.add(pin);
        }
        return taken;
      }

      @Override
      public void giveUp(Path pin) {
        prepared.remove(pin);
        builtIn.prepared().giveUp(pin);
      }
    };
  }

  @Override
  public void useRanges(List<IpPrefix> podRanges) throws NetworkException {
    plugins.useRanges(podRanges);
  }

  @Override
  public void close() {
    plugins.close();
    builtIn.close();
  }
}
