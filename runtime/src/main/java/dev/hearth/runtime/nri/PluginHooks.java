package dev.hearth.runtime.nri;

import com.google.protobuf.MessageLite;
import dev.hearth.proto.nri.v1alpha1.Container;
import dev.hearth.proto.nri.v1alpha1.PodSandbox;
import dev.hearth.proto.nri.v1alpha1.RemoveContainerRequest;
import dev.hearth.proto.nri.v1alpha1.RemovePodSandboxRequest;
import dev.hearth.proto.nri.v1alpha1.StateChangeEvent;
import dev.hearth.proto.nri.v1alpha1.StopContainerRequest;
import dev.hearth.proto.nri.v1alpha1.StopContainerResponse;
import dev.hearth.proto.nri.v1alpha1.StopPodSandboxRequest;
import dev.hearth.runtime.model.ContainerRecord;
import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.model.NodePlugins;
import dev.hearth.runtime.model.PodRecord;
import dev.hearth.runtime.pod.Pods;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Function;

/** Tells the plugins that are connected. */
final class PluginHooks implements NodePlugins {
  private static final System.Logger LOG = System.getLogger("dev.hearth.nri");

  private final Roster roster;
  private final Pods pods;
  private final Views views;
  private final Updates updates;

  PluginHooks(Roster roster, Pods pods, Views views, Updates updates) {
    this.roster = roster;
    this.pods = pods;
    this.views = views;
    this.updates = updates;
  }

  @Override
  public Turn begin() {
    Roster.Passage passage = roster.enter();
    return new PluginTurn(passage, () -> roster.leave(passage), this, views, updates);
  }

  /** The pod of a container; one that is gone has only its id. */
  PodSandbox podOf(ContainerRecord container) {
    return pods.find(container.podId().value())
        .map(pod -> views.pod(pod.record()))
        .orElseGet(() -> PodSandbox.newBuilder().setId(container.podId().value()).build());
  }

  @Override
  public void podStopped(PodRecord pod) {
    tellOf(
        roster.present(),
        pod,
        Method.STOP_POD,
        view -> StopPodSandboxRequest.newBuilder().setPod(view).build());
  }

  @Override
  public void podRemoved(PodRecord pod) {
    tellOf(
        roster.present(),
        pod,
        Method.REMOVE_POD,
        view -> RemovePodSandboxRequest.newBuilder().setPod(view).build());
  }

  @Override
  public void containerStopped(ContainerRecord container) {
    List<Plugin> plugins = roster.present();
    if (plugins.isEmpty()) {
      return;
    }
    StopContainerRequest request =
        StopContainerRequest.newBuilder()
            .setPod(podOf(container))
            .setContainer(views.container(container))
            .build();
    UpdateMerge wanted = new UpdateMerge(new Owners());
    for (Plugin plugin : plugins) {
      try {
        plugin
            .call(Method.STOP, request, StateChangeEvent.getDefaultInstance())
            .map(StopContainerResponse::getUpdateList)
            .ifPresent(update -> wanted.add(plugin.name(), update));
      } catch (HearthException e) {
        log(e);
      }
    }
    var _ = updates.tryAll(wanted.all());
  }

  @Override
  public void containerRemoved(ContainerRecord container) {
    tellOf(
        roster.present(),
        container,
        Method.REMOVE,
        (pod, view) -> RemoveContainerRequest.newBuilder().setPod(pod).setContainer(view).build());
  }

  /** Tells plugins what has happened to a pod; what they say to that changes nothing. */
  void tellOf(
      List<Plugin> plugins,
      PodRecord pod,
      Method<?> method,
      Function<PodSandbox, MessageLite> request) {
    if (plugins.isEmpty()) {
      return;
    }
    PodSandbox view = views.pod(pod);
    tell(plugins, method, request.apply(view), change(view));
  }

  /** The same of a container. */
  void tellOf(
      List<Plugin> plugins,
      ContainerRecord container,
      Method<?> method,
      BiFunction<PodSandbox, Container, MessageLite> request) {
    if (plugins.isEmpty()) {
      return;
    }
    PodSandbox pod = podOf(container);
    Container view = views.container(container);
    tell(plugins, method, request.apply(pod, view), change(pod, view));
  }

  private static void tell(
      List<Plugin> plugins, Method<?> method, MessageLite request, StateChangeEvent change) {
    for (Plugin plugin : plugins) {
      try {
        var _ = plugin.call(method, request, change);
      } catch (HearthException e) {
        log(e);
      }
    }
  }

  /** How a plugin that speaks only of states is told of a pod. */
  static StateChangeEvent change(PodSandbox pod) {
    return StateChangeEvent.newBuilder().setPod(pod).build();
  }

  /** The same of a container. */
  static StateChangeEvent change(PodSandbox pod, Container container) {
    return StateChangeEvent.newBuilder().setPod(pod).setContainer(container).build();
  }

  private static void log(HearthException e) {
    LOG.log(System.Logger.Level.WARNING, "{0}", e.getMessage());
  }
}
