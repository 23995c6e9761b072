package dev.hearth.runtime.nri;

import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import dev.hearth.proto.nri.v1alpha1.ConfigureResponse;
import dev.hearth.proto.nri.v1alpha1.CreateContainerResponse;
import dev.hearth.proto.nri.v1alpha1.Empty;
import dev.hearth.proto.nri.v1alpha1.Event;
import dev.hearth.proto.nri.v1alpha1.PostCreateContainerResponse;
import dev.hearth.proto.nri.v1alpha1.PostStartContainerResponse;
import dev.hearth.proto.nri.v1alpha1.PostUpdateContainerResponse;
import dev.hearth.proto.nri.v1alpha1.PostUpdatePodSandboxResponse;
import dev.hearth.proto.nri.v1alpha1.RemoveContainerResponse;
import dev.hearth.proto.nri.v1alpha1.RemovePodSandboxResponse;
import dev.hearth.proto.nri.v1alpha1.RunPodSandboxResponse;
import dev.hearth.proto.nri.v1alpha1.StartContainerResponse;
import dev.hearth.proto.nri.v1alpha1.StopContainerResponse;
import dev.hearth.proto.nri.v1alpha1.StopPodSandboxResponse;
import dev.hearth.proto.nri.v1alpha1.SynchronizeResponse;
import dev.hearth.proto.nri.v1alpha1.UpdateContainerResponse;
import dev.hearth.proto.nri.v1alpha1.UpdatePodSandboxResponse;
import dev.hearth.proto.nri.v1alpha1.ValidateContainerAdjustmentResponse;

/**
 * What a plugin can be called for.
 *
 * @param event that it must have subscribed to; UNKNOWN for what every plugin is called for
 * @param reports whether a plugin that has no such method is told by StateChange, as those of older
 *     releases are
 */
record Method<R extends MessageLite>(String name, Event event, boolean reports, Parser<R> answer) {
  static final Method<ConfigureResponse> CONFIGURE =
      new Method<>("Configure", Event.UNKNOWN, false, ConfigureResponse.parser());
  static final Method<SynchronizeResponse> SYNCHRONIZE =
      new Method<>("Synchronize", Event.UNKNOWN, false, SynchronizeResponse.parser());
  static final Method<Empty> SHUTDOWN =
      new Method<>("Shutdown", Event.UNKNOWN, false, Empty.parser());
  static final Method<Empty> STATE_CHANGE =
      new Method<>("StateChange", Event.UNKNOWN, false, Empty.parser());

  static final Method<RunPodSandboxResponse> RUN_POD =
      new Method<>("RunPodSandbox", Event.RUN_POD_SANDBOX, true, RunPodSandboxResponse.parser());
  static final Method<UpdatePodSandboxResponse> UPDATE_POD =
      new Method<>(
          "UpdatePodSandbox", Event.UPDATE_POD_SANDBOX, false, UpdatePodSandboxResponse.parser());
  static final Method<PostUpdatePodSandboxResponse> POST_UPDATE_POD =
      new Method<>(
          "PostUpdatePodSandbox",
          Event.POST_UPDATE_POD_SANDBOX,
          true,
          PostUpdatePodSandboxResponse.parser());
  static final Method<StopPodSandboxResponse> STOP_POD =
      new Method<>("StopPodSandbox", Event.STOP_POD_SANDBOX, true, StopPodSandboxResponse.parser());
  static final Method<RemovePodSandboxResponse> REMOVE_POD =
      new Method<>(
          "RemovePodSandbox", Event.REMOVE_POD_SANDBOX, true, RemovePodSandboxResponse.parser());

  static final Method<CreateContainerResponse> CREATE =
      new Method<>(
          "CreateContainer", Event.CREATE_CONTAINER, false, CreateContainerResponse.parser());
  static final Method<PostCreateContainerResponse> POST_CREATE =
      new Method<>(
          "PostCreateContainer",
          Event.POST_CREATE_CONTAINER,
          true,
          PostCreateContainerResponse.parser());
  static final Method<StartContainerResponse> START =
      new Method<>("StartContainer", Event.START_CONTAINER, true, StartContainerResponse.parser());
  static final Method<PostStartContainerResponse> POST_START =
      new Method<>(
          "PostStartContainer",
          Event.POST_START_CONTAINER,
          true,
          PostStartContainerResponse.parser());
  static final Method<UpdateContainerResponse> UPDATE =
      new Method<>(
          "UpdateContainer", Event.UPDATE_CONTAINER, false, UpdateContainerResponse.parser());
  static final Method<PostUpdateContainerResponse> POST_UPDATE =
      new Method<>(
          "PostUpdateContainer",
          Event.POST_UPDATE_CONTAINER,
          true,
          PostUpdateContainerResponse.parser());
  static final Method<StopContainerResponse> STOP =
      new Method<>("StopContainer", Event.STOP_CONTAINER, false, StopContainerResponse.parser());
  static final Method<RemoveContainerResponse> REMOVE =
      new Method<>(
          "RemoveContainer", Event.REMOVE_CONTAINER, true, RemoveContainerResponse.parser());
  static final Method<ValidateContainerAdjustmentResponse> VALIDATE =
      new Method<>(
          "ValidateContainerAdjustment",
          Event.VALIDATE_CONTAINER_ADJUSTMENT,
          false,
          ValidateContainerAdjustmentResponse.parser());
}
