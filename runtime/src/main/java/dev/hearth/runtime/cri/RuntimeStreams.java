package dev.hearth.runtime.cri;

import dev.hearth.proto.cri.v1.ContainerEventResponse;
import dev.hearth.proto.cri.v1.GetEventsRequest;
import dev.hearth.proto.cri.v1.RuntimeServiceGrpc;
import dev.hearth.proto.cri.v1.StreamContainerStatsRequest;
import dev.hearth.proto.cri.v1.StreamContainerStatsResponse;
import dev.hearth.proto.cri.v1.StreamContainersRequest;
import dev.hearth.proto.cri.v1.StreamContainersResponse;
import dev.hearth.proto.cri.v1.StreamPodSandboxStatsRequest;
import dev.hearth.proto.cri.v1.StreamPodSandboxStatsResponse;
import dev.hearth.proto.cri.v1.StreamPodSandboxesRequest;
import dev.hearth.proto.cri.v1.StreamPodSandboxesResponse;
import io.grpc.stub.StreamObserver;

/** The calls of the RuntimeService that answer with a stream: events, and lists in parts. */
abstract class RuntimeStreams extends RuntimeServiceGrpc.RuntimeServiceImplBase {
  private final Calls calls;
  private final StatusReader statuses;
  private final StatsReader stats;
  private final EventReader events;

  RuntimeStreams(Calls calls, StatusReader statuses, StatsReader stats, EventReader events) {
    this.calls = calls;
    this.statuses = statuses;
    this.stats = stats;
    this.events = events;
  }

  @Override
  public void getContainerEvents(
      GetEventsRequest request, StreamObserver<ContainerEventResponse> observer) {
    calls.answering("GetContainerEvents", request, observer, events::send);
  }

  @Override
  public void streamPodSandboxes(
      StreamPodSandboxesRequest request, StreamObserver<StreamPodSandboxesResponse> observer) {
    calls.answering(
        "StreamPodSandboxes",
        request,
        observer,
        answers ->
            Parts.send(
                statuses.pods(request.getFilter()),
                pods -> StreamPodSandboxesResponse.newBuilder().addAllPodSandboxes(pods).build(),
                answers));
  }

  @Override
  public void streamContainers(
      StreamContainersRequest request, StreamObserver<StreamContainersResponse> observer) {
    calls.answering(
        "StreamContainers",
        request,
        observer,
        answers ->
            Parts.send(
                statuses.containers(request.getFilter()),
                list -> StreamContainersResponse.newBuilder().addAllContainers(list).build(),
                answers));
  }

  @Override
  public void streamContainerStats(
      StreamContainerStatsRequest request, StreamObserver<StreamContainerStatsResponse> observer) {
    calls.answering(
        "StreamContainerStats",
        request,
        observer,
        answers ->
            Parts.send(
                stats.containers(request.getFilter()),
                list ->
                    StreamContainerStatsResponse.newBuilder().addAllContainerStats(list).build(),
                answers));
  }

  @Override
  public void streamPodSandboxStats(
      StreamPodSandboxStatsRequest request,
      StreamObserver<StreamPodSandboxStatsResponse> observer) {
    calls.answering(
        "StreamPodSandboxStats",
        request,
        observer,
        answers ->
            Parts.send(
                stats.pods(request.getFilter()),
                list ->
                    StreamPodSandboxStatsResponse.newBuilder().addAllPodSandboxStats(list).build(),
                answers));
  }
}
