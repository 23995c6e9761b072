package dev.hearth.runtime.network.cni;

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
}
