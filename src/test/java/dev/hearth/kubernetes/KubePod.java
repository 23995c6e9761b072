package dev.hearth.kubernetes;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** A pod of the default namespace. Closing deletes it and does not wait until it is gone. */
record KubePod(Cluster cluster, String name) implements AutoCloseable {

  private String path() {
    return "/api/v1/namespaces/default/pods/" + name;
  }

  /** The pod as the API has it now. */
  Doc get() {
    return cluster.api().get(path());
  }

  String uid() {
    return get().at("metadata.uid").text();
  }

  /** The status of a container of any kind. */
  Doc container(String container) {
    Doc pod = get();
    return Stream.of("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses")
        .map(kind -> pod.at("status." + kind).named(container))
        .filter(Doc::exists)
        .findFirst()
        .orElse(pod.at("absent"));
  }

  /** The id of a container in the runtime; empty if it has none yet. */
  String containerId(String container) {
    return container(container).at("containerID").text().replace("hearth://", "");
  }

  KubePod awaitReady() {
    return await("Ready", pod -> Cluster.condition(pod, "Ready").equals("True"));
  }

  KubePod awaitPhase(String phase) {
    return await(phase, pod -> pod.at("status.phase").text().equals(phase));
  }

  /** Waits until a container's status is as wanted. */
  KubePod awaitContainer(String container, String what, Predicate<Doc> wanted) {
    Cluster.await(
        () -> name + "/" + container + " to be " + what + ": " + describe(),
        () -> wanted.test(container(container)));
    return this;
  }

  /** Waits until the pod is as wanted. */
  KubePod await(String what, Predicate<Doc> wanted) {
    Cluster.await(() -> name + " to be " + what + ": " + describe(), () -> wanted.test(get()));
    return this;
  }

  private String describe() {
    return cluster
        .api()
        .find(path())
        .map(pod -> pod.at("status") + "\n" + String.join("\n", events()))
        .orElse("it is gone");
  }

  /** Reason and message of the pod's events. */
  List<String> events() {
    return cluster
        .api()
        .get("/api/v1/namespaces/default/events?fieldSelector=involvedObject.name=" + name)
        .at("items")
        .items()
        .stream()
        .map(event -> event.at("reason").text() + ": " + event.at("message").text())
        .toList();
  }

  /** Waits for an event whose reason and message contain {@code text}. */
  KubePod awaitEvent(String text) {
    Cluster.await(
        () -> "an event with " + text + " of " + name + ": " + describe(),
        () -> events().stream().anyMatch(event -> event.contains(text)));
    return this;
  }

  /** What a container has written. */
  String log(String container) {
    return log(container, "");
  }

  /** The same with options, {@code &previous=true}. */
  String log(String container, String options) {
    return cluster.api().text(path() + "/log?container=" + container + options);
  }

  /** The lines that the only container has written. */
  List<String> lines() {
    return cluster.api().text(path() + "/log").lines().toList();
  }

  /** Waits until a container's log contains {@code text}. */
  KubePod awaitLog(String container, String text) {
    Cluster.await(
        () -> name + "/" + container + " to write " + text + ": " + describe(),
        () -> hasStarted(container) && log(container).contains(text));
    return this;
  }

  /** Whether there may be a log. */
  private boolean hasStarted(String container) {
    Doc status = container(container);
    return status.at("state.running").exists() || status.at("state.terminated").exists();
  }

  /** Runs a command in the first container; returns what it wrote. */
  String exec(String... command) throws IOException {
    var arguments = new ArrayList<>(List.of("exec", name, "--"));
    arguments.addAll(List.of(command));
    return cluster.kubectl(arguments.toArray(String[]::new)).orFail().strip();
  }

  /** Changes the pod. */
  void patch(String subresource, String json) {
    cluster.api().patch(path() + subresource, json);
  }

  /** Asks for the pod to be deleted. */
  void delete(int graceSeconds) {
    cluster.api().delete(path() + "?gracePeriodSeconds=" + graceSeconds);
  }

  void awaitGone() {
    Cluster.await(() -> name + " to go: " + describe(), () -> cluster.api().find(path()).isEmpty());
  }

  @Override
  public void close() {
    delete(1);
  }
}
