package dev.hearth.cli;

import dev.hearth.proto.cri.v1.Container;
import dev.hearth.proto.cri.v1.ContainerFilter;
import dev.hearth.proto.cri.v1.ContainerState;
import dev.hearth.proto.cri.v1.ContainerStateValue;
import dev.hearth.proto.cri.v1.Image;
import dev.hearth.proto.cri.v1.ListContainersRequest;
import dev.hearth.proto.cri.v1.ListContainersResponse;
import dev.hearth.proto.cri.v1.ListImagesRequest;
import dev.hearth.proto.cri.v1.ListPodSandboxRequest;
import dev.hearth.proto.cri.v1.PodSandbox;
import java.time.Instant;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

final class PsCommand implements Subcommand {
  private static final Option<Boolean> ALL =
      Option.flag("Those that do not run, too.", "-a", "--all");
  private static final Option<String> POD =
      Option.valued(text -> text, "POD", "Only those of this pod.", "-p", "--pod");
  private static final Option<Map.Entry<String, String>> LABELS = Option.labels();
  private static final Option<Boolean> QUIET =
      Option.flag("Whole ids and nothing else.", "-q", "--quiet");
  private static final Option<OutputFormat> OUTPUT = Option.format("table (default) or json.");

  @Override
  public Usage usage() {
    return Usage.of("hearth ps", "Lists containers, the newest first.")
        .with(ALL, POD, LABELS, QUIET, OUTPUT);
  }

  @Override
  public int run(Given given, Session session) {
    try (Daemon daemon = session.daemon()) {
      ListContainersResponse answer =
          daemon
              .runtime()
              .listContainers(
                  ListContainersRequest.newBuilder().setFilter(filter(given, daemon)).build());
      List<Container> containers =
          answer.getContainersList().stream()
              .sorted(Comparator.comparingLong(Container::getCreatedAt).reversed())
              .toList();
      if (given.wantsJson(OUTPUT)) {
        session.out().println(Json.pretty(Json.of(answer)));
      } else if (given.has(QUIET)) {
        containers.forEach(container -> session.out().println(container.getId()));
      } else {
        print(containers, daemon, session);
      }
    }
    return ExitCode.OK;
  }

  private static ContainerFilter filter(Given given, Daemon daemon) {
    var filter = ContainerFilter.newBuilder().putAllLabelSelector(given.labels(LABELS));
    if (!given.has(ALL)) {
      filter.setState(ContainerStateValue.newBuilder().setState(ContainerState.CONTAINER_RUNNING));
    }
    given
        .value(POD)
        .ifPresent(wanted ->
            filter.setPodSandboxId(Search.one(wanted, EnumSet.of(Kind.POD), daemon).id()));
    return filter.build();
  }

  private static void print(List<Container> containers, Daemon daemon, Session session) {
    Map<String, String> pods = containers.isEmpty() ? Map.of() : podNames(daemon);
    Map<String, String> images = containers.isEmpty() ? Map.of() : imageNames(daemon);
    Instant now = session.shell().now();
    var table = new Table("CONTAINER", "NAME", "POD", "IMAGE", "STATE", "AGE", "ATTEMPT");
    for (Container container : containers) {
      table.row(
          Plain.shortId(container.getId()),
          container.getMetadata().getName(),
          pods.getOrDefault(
              container.getPodSandboxId(), Plain.shortId(container.getPodSandboxId())),
          image(container, images),
          state(container.getState()),
          Plain.age(container.getCreatedAt(), now),
          Integer.toUnsignedString(container.getMetadata().getAttempt()));
    }
    table.print(session.out());
  }

  private static Map<String, String> podNames(Daemon daemon) {
    var names = new HashMap<String, String>();
    for (PodSandbox pod :
        daemon
            .runtime()
            .listPodSandbox(ListPodSandboxRequest.getDefaultInstance())
            .getItemsList()) {
      names.put(pod.getId(), pod.getMetadata().getNamespace() + "/" + pod.getMetadata().getName());
    }
    return names;
  }

  private static Map<String, String> imageNames(Daemon daemon) {
    var names = new HashMap<String, String>();
    for (Image image :
        daemon.images().listImages(ListImagesRequest.getDefaultInstance()).getImagesList()) {
      if (image.getRepoTagsCount() > 0) {
        names.put(image.getId(), image.getRepoTags(0));
      }
    }
    return names;
  }

  /** What the pod's author wrote; the kubelet puts an id where one would look for the name. */
  private static String image(Container container, Map<String, String> names) {
    String written = container.getImage().getUserSpecifiedImage();
    if (!written.isEmpty()) {
      return written;
    }
    String asked = container.getImage().getImage();
    String id = container.getImageId();
    return asked.isEmpty() || asked.equals(id) || asked.startsWith("sha256:")
        ? names.getOrDefault(id, Plain.shortId(id))
        : asked;
  }

  private static String state(ContainerState state) {
    return state == ContainerState.UNRECOGNIZED
        ? "unknown"
        : state.name().substring("CONTAINER_".length()).toLowerCase(Locale.ROOT);
  }
}
