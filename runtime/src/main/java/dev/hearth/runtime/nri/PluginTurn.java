package dev.hearth.runtime.nri;

import dev.hearth.proto.nri.v1alpha1.Container;
import dev.hearth.proto.nri.v1alpha1.CreateContainerRequest;
import dev.hearth.proto.nri.v1alpha1.CreateContainerResponse;
import dev.hearth.proto.nri.v1alpha1.Event;
import dev.hearth.proto.nri.v1alpha1.PluginInstance;
import dev.hearth.proto.nri.v1alpha1.PodSandbox;
import dev.hearth.proto.nri.v1alpha1.PostCreateContainerRequest;
import dev.hearth.proto.nri.v1alpha1.PostStartContainerRequest;
import dev.hearth.proto.nri.v1alpha1.PostUpdateContainerRequest;
import dev.hearth.proto.nri.v1alpha1.PostUpdatePodSandboxRequest;
import dev.hearth.proto.nri.v1alpha1.RunPodSandboxRequest;
import dev.hearth.proto.nri.v1alpha1.StartContainerRequest;
import dev.hearth.proto.nri.v1alpha1.StateChangeEvent;
import dev.hearth.proto.nri.v1alpha1.UpdateContainerRequest;
import dev.hearth.proto.nri.v1alpha1.UpdateContainerResponse;
import dev.hearth.proto.nri.v1alpha1.UpdatePodSandboxRequest;
import dev.hearth.proto.nri.v1alpha1.ValidateContainerAdjustmentRequest;
import dev.hearth.runtime.model.ContainerRecord;
import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.model.NodePlugins;
import dev.hearth.runtime.model.PodRecord;
import dev.hearth.runtime.model.Resources;
import java.util.List;
import java.util.Optional;

/** A change, and the plugins that have a say in it. Confined to one thread. */
final class PluginTurn implements NodePlugins.Turn {
  private final Roster.Passage passage;
  private final Runnable end;
  private final PluginHooks hooks;
  private final Views views;
  private final Updates updates;

  PluginTurn(
      Roster.Passage passage, Runnable end, PluginHooks hooks, Views views, Updates updates) {
    this.passage = passage;
    this.end = end;
    this.hooks = hooks;
    this.views = views;
    this.updates = updates;
  }

  private List<Plugin> plugins() {
    return passage.plugins();
  }

  private boolean alone() {
    return plugins().isEmpty();
  }

  @Override
  public void admit(PodRecord pod) {
    if (alone()) {
      return;
    }
    PodSandbox view = views.pod(pod);
    RunPodSandboxRequest request = RunPodSandboxRequest.newBuilder().setPod(view).build();
    for (Plugin plugin : plugins()) {
      var _ = plugin.call(Method.RUN_POD, request, PluginHooks.change(view));
    }
  }

  @Override
  public ContainerRecord admit(PodRecord pod, ContainerRecord container) {
    if (alone()) {
      return container;
    }
    PodSandbox podView = views.pod(pod);
    Owners owners = new Owners();
    CreationMerge creation = new CreationMerge(views.candidate(container), owners);
    UpdateMerge others = new UpdateMerge(owners);
    for (Plugin plugin : plugins()) {
      CreateContainerRequest request =
          CreateContainerRequest.newBuilder()
              .setPod(podView)
              .setContainer(creation.shown())
              .build();
      Optional<CreateContainerResponse> answer =
          plugin.call(Method.CREATE, request, StateChangeEvent.getDefaultInstance());
      if (answer.isPresent()) {
        creation.add(plugin.name(), answer.get().getAdjust());
        others.add(plugin.name(), answer.get().getUpdateList());
        Updates.evictions(plugin.name(), answer.get().getEvictList());
      }
    }
    validate(podView, creation, others, owners);
    ContainerRecord granted = new CreatedContainer(container, creation.wishes(), owners).granted();
    if (others.touches(container.id().value())) {
      throw new HearthException.InvalidRequest(
          "a plugin wants to update container " + container.id() + " while it is being created");
    }
    updates.all(others.all());
    return granted;
  }

  private void validate(PodSandbox pod, CreationMerge creation, UpdateMerge others, Owners owners) {
    List<Plugin> validators =
        plugins().stream()
            .filter(Plugin::introduced)
            .filter(plugin -> plugin.subscribed(Event.VALIDATE_CONTAINER_ADJUSTMENT))
            .toList();
    if (validators.isEmpty()) {
      return;
    }
    ValidateContainerAdjustmentRequest.Builder request =
        ValidateContainerAdjustmentRequest.newBuilder()
            .setPod(pod)
            .setContainer(creation.pristine())
            .setAdjust(creation.wishes())
            .addAllUpdate(others.all())
            .setOwners(owners.message());
    for (Plugin plugin : plugins()) {
      request.addPlugins(
          PluginInstance.newBuilder()
              .setName(plugin.name().base())
              .setIndex(plugin.name().index()));
    }
    for (Plugin plugin : validators) {
      // One that is silent here must not let pass what it is there to refuse.
      var verdict =
          plugin
              .call(Method.VALIDATE, request.build(), StateChangeEvent.getDefaultInstance())
              .orElseThrow(() ->
                  new HearthException.HostFailure(
                      "plugin " + plugin + " did not say whether the adjustments are valid", null));
      if (verdict.getReject()) {
        throw new HearthException.WrongState(
            "plugin "
                + plugin
                + " rejects what plugins made of container "
                + creation.pristine().getId()
                + ": "
                + (verdict.getReason().isEmpty() ? "it gives no reason" : verdict.getReason()));
      }
    }
  }

  @Override
  public void created(ContainerRecord container) {
    hooks.tellOf(
        plugins(),
        container,
        Method.POST_CREATE,
        (pod, view) ->
            PostCreateContainerRequest.newBuilder().setPod(pod).setContainer(view).build());
  }

  @Override
  public void starting(ContainerRecord container) {
    if (alone()) {
      return;
    }
    PodSandbox pod = hooks.podOf(container);
    Container view = views.container(container);
    StartContainerRequest request =
        StartContainerRequest.newBuilder().setPod(pod).setContainer(view).build();
    for (Plugin plugin : plugins()) {
      var _ = plugin.call(Method.START, request, PluginHooks.change(pod, view));
    }
  }

  @Override
  public void started(ContainerRecord container) {
    hooks.tellOf(
        plugins(),
        container,
        Method.POST_START,
        (pod, view) ->
            PostStartContainerRequest.newBuilder().setPod(pod).setContainer(view).build());
  }

  @Override
  public Resources updating(ContainerRecord container, Resources change) {
    if (alone()) {
      return change;
    }
    String id = container.id().value();
    PodSandbox pod = hooks.podOf(container);
    Container view = views.container(container);
    Owners owners = new Owners();
    UpdateMerge wanted = new UpdateMerge(owners);
    wanted.begin(id, Limiting.shown(change));
    for (Plugin plugin : plugins()) {
      UpdateContainerRequest request =
          UpdateContainerRequest.newBuilder()
              .setPod(pod)
              .setContainer(view)
              .setLinuxResources(wanted.of(id))
              .build();
      Optional<UpdateContainerResponse> answer =
          plugin.call(Method.UPDATE, request, StateChangeEvent.getDefaultInstance());
      if (answer.isPresent()) {
        wanted.add(plugin.name(), answer.get().getUpdateList());
        Updates.evictions(plugin.name(), answer.get().getEvictList());
      }
    }
    Resources agreed =
        Limiting.wanted(wanted.of(id), "a plugin, for container " + id + ",")
            .withOomScoreAdj(change.oomScoreAdj());
    updates.all(wanted.others(id));
    return agreed;
  }

  @Override
  public void updated(ContainerRecord container) {
    hooks.tellOf(
        plugins(),
        container,
        Method.POST_UPDATE,
        (pod, view) ->
            PostUpdateContainerRequest.newBuilder().setPod(pod).setContainer(view).build());
  }

  @Override
  public void updating(PodRecord pod, Resources overhead, Resources resources) {
    if (alone()) {
      return;
    }
    UpdatePodSandboxRequest request =
        UpdatePodSandboxRequest.newBuilder()
            .setPod(views.pod(pod))
            .setOverheadLinuxResources(Limiting.shown(overhead))
            .setLinuxResources(Limiting.shown(resources))
            .build();
    for (Plugin plugin : plugins()) {
      var _ = plugin.call(Method.UPDATE_POD, request, StateChangeEvent.getDefaultInstance());
    }
  }

  @Override
  public void updated(PodRecord pod) {
    hooks.tellOf(
        plugins(),
        pod,
        Method.POST_UPDATE_POD,
        view -> PostUpdatePodSandboxRequest.newBuilder().setPod(view).build());
  }

  @Override
  public void close() {
    end.run();
  }
}
