package dev.hearth.runtime.cri;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.hearth.linux.Namespace;
import dev.hearth.runtime.cdi.CdiDevices;
import dev.hearth.runtime.container.ContainerInfo;
import dev.hearth.runtime.model.ContainerRecord;
import dev.hearth.runtime.model.ContainerState;
import dev.hearth.runtime.model.Layout;
import dev.hearth.runtime.model.PodRecord;
import dev.hearth.runtime.model.PodState;
import dev.hearth.runtime.network.PodNetwork;
import dev.hearth.runtime.pod.SandboxParts;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * What verbose status answers tell beyond the contract, under the names that users of {@code crictl
 * inspect} know from other runtimes: {@code pid}, {@code sandboxID}, {@code config}, {@code
 * runtimeSpec}.
 */
final class VerboseInfo {
  private final ContainerInfo info;
  private final PodNetwork network;
  private final Layout layout;
  private final CdiDevices cdi;
  private final Gson gson = new GsonBuilder().disableHtmlEscaping().create();

  VerboseInfo(ContainerInfo info, PodNetwork network, Layout layout, CdiDevices cdi) {
    this.info = info;
    this.network = network;
    this.layout = layout;
    this.cdi = cdi;
  }

  String container(ContainerRecord container) {
    JsonObject details = new JsonObject();
    details.addProperty("sandboxID", container.podId().value());
    if (container.state() instanceof ContainerState.Running running) {
      details.addProperty("pid", running.pid());
    }
    details.addProperty("removing", container.state() instanceof ContainerState.Removing);
    details.addProperty("snapshotKey", container.id().value());
    details.addProperty("stateDirectory", layout.container(container.id()).toString());
    details.add("config", MessageJson.of(ConfigToCri.container(container.spec())));
    details.add("runtimeSpec", info.runtimeSpec(container));
    return gson.toJson(details);
  }

  /** A pod has no process, and so no pid: its namespaces are pinned where the paths say. */
  String pod(PodRecord pod) {
    JsonObject details = new JsonObject();
    details.addProperty("state", pod.state().getClass().getSimpleName());
    details.addProperty("netNsClosed", !(pod.state() instanceof PodState.Ready));
    details.addProperty("runtimeHandler", pod.spec().runtimeHandler());
    details.addProperty("stateDirectory", layout.pod(pod.id()).toString());
    details.add("config", MessageJson.of(ConfigToCri.pod(pod.spec())));
    details.add("overhead", MessageJson.of(ToCri.resources(pod.spec().overhead())));
    details.add("resources", MessageJson.of(ToCri.resources(pod.spec().resources())));
    String connected = network.details(pod.id());
    if (!connected.isEmpty()) {
      details.add("network", JsonParser.parseString(connected));
    }
    details.add("runtimeSpec", runtimeSpec(pod));
    return gson.toJson(details);
  }

  private JsonObject runtimeSpec(PodRecord pod) {
    JsonArray namespaces = new JsonArray();
    if (pod.state() instanceof PodState.Ready) {
      for (Namespace kind : SandboxParts.kinds(pod.spec())) {
        JsonObject namespace = new JsonObject();
        namespace.addProperty("type", kind.name().toLowerCase(Locale.ROOT));
        namespace.addProperty("path", SandboxParts.pin(layout.pod(pod.id()), kind).toString());
        namespaces.add(namespace);
      }
    }
    JsonObject linux = new JsonObject();
    linux.add("namespaces", namespaces);
    JsonObject spec = new JsonObject();
    spec.addProperty("hostname", pod.spec().hostname());
    spec.add("linux", linux);
    return spec;
  }

  private static JsonArray texts(List<String> texts) {
    JsonArray array = new JsonArray();
    texts.forEach(array::add);
    return array;
  }

  /**
   * The daemon's own: the suites ask it for the state directory's file system, operators for the
   * CDI devices it knows and what is wrong with their files.
   */
  String daemon() {
    JsonObject config = new JsonObject();
    config.addProperty("rootDir", layout.root().toString());
    config.addProperty("stateDir", layout.state().toString());
    CdiDevices.Overview overview = cdi.overview();
    config.add("cdiSpecDirs", texts(cdi.folders().stream().map(Path::toString).toList()));
    config.add("cdiDevices", texts(overview.devices()));
    config.add("cdiProblems", texts(overview.problems()));
    return gson.toJson(config);
  }
}
