package dev.hearth.runtime.container;

import com.google.gson.JsonObject;
import dev.hearth.runtime.model.ContainerRecord;
import dev.hearth.runtime.pod.Pods;
import java.nio.file.Path;

/** What status answers tell of a container beside its record. */
public final class ContainerInfo {
  private final Pods pods;

  public ContainerInfo(Pods pods) {
    this.pods = pods;
  }

  /** Absolute path of the container's log on the node; empty if it has none. */
  public String logPath(ContainerRecord container) {
    return pods.find(container.podId().value())
        .flatMap(pod -> ContainerParts.log(pod.record(), container))
        .map(Path::toString)
        .orElse("");
  }

  /** The container in the shape of the OCI runtime specification, as users of crictl read it. */
  public JsonObject runtimeSpec(ContainerRecord container) {
    return new JsonObject();
  }
}
