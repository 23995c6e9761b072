package dev.hearth.runtime.container;

import com.google.gson.JsonObject;
import dev.hearth.runtime.cgroup.CgroupException;
import dev.hearth.runtime.model.ContainerRecord;
import dev.hearth.runtime.model.Digest;
import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.model.PodRecord;
import dev.hearth.runtime.pod.Pod;
import dev.hearth.runtime.pod.Pods;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** What status answers tell of a container beside its record. */
public final class ContainerInfo {
  private final Pods pods;
  private final ContainerParts parts;
  private final ContainerPlanner planner;

  public ContainerInfo(Pods pods, ContainerParts parts, ContainerPlanner planner) {
    this.pods = pods;
    this.parts = parts;
    this.planner = planner;
  }

  /** Absolute path of the container's log on the node; empty if it has none. */
  public String logPath(ContainerRecord container) {
    return pod(container).map(pod -> logPath(pod, container)).orElse("");
  }

  /** The same, in a pod whose record is at hand. */
  public static String logPath(PodRecord pod, ContainerRecord container) {
    return ContainerParts.log(pod, container).map(Path::toString).orElse("");
  }

  /** The ids that the images mounted in a container had when that was made, by their path. */
  public Map<String, Digest> volumeImages(ContainerRecord container) {
    return parts.volumeImages(container);
  }

  /**
   * The container in the shape of the OCI runtime specification, as users of crictl read it. Empty
   * if the node no longer has what it was made from.
   */
  public JsonObject runtimeSpec(ContainerRecord container) {
    try {
      return compiledSpec(container);
    } catch (HearthException e) {
      // A status must not fail because a device or profile has gone since.
      return new JsonObject();
    }
  }

  /**
   * The same.
   *
   * @throws HearthException as a start would, for what the request or the image got wrong
   */
  public JsonObject compiledSpec(ContainerRecord container) {
    PodRecord pod =
        pod(container)
            .orElseThrow(() ->
                new HearthException.NotFound(
                    "the pod sandbox of container " + container.id() + " is gone"));
    try {
      String cgroup = parts.cgroup(container).map(group -> group.path().value()).orElse("");
      return planner.runtimeSpec(pod, container, cgroup);
    } catch (CgroupException e) {
      throw ContainerFailure.of("container " + container.id() + " has no cgroup", e);
    }
  }

  private Optional<PodRecord> pod(ContainerRecord container) {
    return pods.find(container.podId().value()).map(Pod::record);
  }
}
