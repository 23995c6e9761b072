package dev.hearth.runtime.cri;

import dev.hearth.proto.cri.v1.ContainerEventResponse;
import dev.hearth.proto.cri.v1.GetEventsRequest;
import dev.hearth.proto.cri.v1.ListMetricDescriptorsRequest;
import dev.hearth.proto.cri.v1.ListMetricDescriptorsResponse;
import dev.hearth.proto.cri.v1.ListPodSandboxMetricsRequest;
import dev.hearth.proto.cri.v1.ListPodSandboxMetricsResponse;
import dev.hearth.proto.cri.v1.RuntimeServiceGrpc;
import dev.hearth.proto.cri.v1.StreamContainerStatsRequest;
import dev.hearth.proto.cri.v1.StreamContainerStatsResponse;
import dev.hearth.proto.cri.v1.StreamContainersRequest;
import dev.hearth.proto.cri.v1.StreamContainersResponse;
import dev.hearth.proto.cri.v1.StreamPodSandboxMetricsRequest;
import dev.hearth.proto.cri.v1.StreamPodSandboxMetricsResponse;
import dev.hearth.proto.cri.v1.StreamPodSandboxStatsRequest;
import dev.hearth.proto.cri.v1.StreamPodSandboxStatsResponse;
import dev.hearth.proto.cri.v1.StreamPodSandboxesRequest;
import dev.hearth.proto.cri.v1.StreamPodSandboxesResponse;
import io.grpc.stub.StreamObserver;

/**
 * The calls of the RuntimeService that answer with a stream: events, and lists in parts; and
 * metrics, which are for one reader.
 */
abstract class RuntimeStreams extends RuntimeServiceGrpc.RuntimeServiceImplBase {
  private final Calls calls;
  private final Readers readers;

  /** What answers questions; nothing of it changes anything. */
  public record Readers(
      StatusReader statuses, StatsReader stats, MetricsReader metrics, EventReader events) {}

  RuntimeStreams(Calls calls, Readers readers) {
    this.calls = calls;
    this.readers = readers;
  }

  @Override
  public void getContainerEvents(
      GetEventsRequest request, StreamObserver<ContainerEventResponse> observer) {
    calls.answering("GetContainerEvents", request, observer, readers.events()::send);
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
                readers.statuses().pods(request.getFilter()),
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
                readers.statuses().containers(request.getFilter()),
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
                readers.stats().containers(request.getFilter()),
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
                readers.stats().pods(request.getFilter()),
                list ->
                    StreamPodSandboxStatsResponse.newBuilder().addAllPodSandboxStats(list).build(),
                answers));
  }

  @Override
  public void listMetricDescriptors(
      ListMetricDescriptorsRequest request,
      StreamObserver<ListMetricDescriptorsResponse> observer) {
    calls.unary(
        "ListMetricDescriptors",
        request,
        observer,
        () ->
            ListMetricDescriptorsResponse.newBuilder()
                .addAllDescriptors(readers.metrics().descriptors())
                .build());
  }

  @Override
  public void listPodSandboxMetrics(
      ListPodSandboxMetricsRequest request,
      StreamObserver<ListPodSandboxMetricsResponse> observer) {
    calls.unary(
        "ListPodSandboxMetrics",
        request,
        observer,
        () ->
            ListPodSandboxMetricsResponse.newBuilder()
                .addAllPodMetrics(readers.metrics().pods().toList())
                .build());
  }

  @Override
  public void streamPodSandboxMetrics(
      StreamPodSandboxMetricsRequest request,
      StreamObserver<StreamPodSandboxMetricsResponse> observer) {
    calls.answering(
        "StreamPodSandboxMetrics",
        request,
        observer,
        answers ->
            Parts.send(
                readers.metrics().pods(),
                list ->
                    StreamPodSandboxMetricsResponse.newBuilder()
                        .addAllPodSandboxMetrics(list)
                        .build(),
                answers));
  }
}
