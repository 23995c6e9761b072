package dev.hearth.runtime.network.cni;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.hearth.runtime.model.PodId;
import dev.hearth.runtime.model.PortMapping;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * What is recorded of a pod before the first plugin is called for it, and until the last one has
 * taken away what it made.
 *
 * @param netns path of the network namespace that plugins are given
 * @param attachments the network of all pods first
 * @param hostPorts those mapped
 * @param since when it was written or, once it is leaving, when that began
 * @param leaving whether all is to be taken away
 */
record AttachedPod(
    PodId pod,
    String netns,
    List<Attachment> attachments,
    List<PortMapping> hostPorts,
    Instant since,
    boolean leaving) {
  AttachedPod {
    attachments = List.copyOf(attachments);
    hostPorts = List.copyOf(hostPorts);
  }

  AttachedPod with(int index, Attachment attachment) {
    List<Attachment> changed = new ArrayList<>(attachments);
    changed.set(index, attachment);
    return new AttachedPod(pod, netns, changed, hostPorts, since, leaving);
  }

  AttachedPod leavingSince(Instant now) {
    return leaving ? this : new AttachedPod(pod, netns, attachments, hostPorts, now, true);
  }

  /** Whether every ADD has succeeded and nothing is being taken away. */
  boolean whole() {
    return !leaving && attachments.stream().noneMatch(a -> a.result().isEmpty());
  }

  /** What an operator may want to see of it. */
  String json() {
    JsonArray networks = new JsonArray();
    for (Attachment attachment : attachments) {
      JsonObject network = new JsonObject();
      network.addProperty("name", attachment.network());
      network.addProperty("interface", attachment.interfaceName());
      network.add("runtimeConfig", StrictJson.object(attachment.capabilities()));
      if (!attachment.result().isEmpty()) {
        network.add("result", StrictJson.object(attachment.result()));
      }
      networks.add(network);
    }
    JsonObject all = new JsonObject();
    all.addProperty("netns", netns);
    all.addProperty("leaving", leaving);
    all.add("networks", networks);
    return all.toString();
  }
}
