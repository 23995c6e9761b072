package dev.hearth.runtime.network.cni;

import dev.hearth.linux.BlockingCalls;
import dev.hearth.linux.LinuxException;
import dev.hearth.runtime.model.PodId;
import dev.hearth.runtime.network.NetworkAttachment;
import dev.hearth.runtime.network.NetworkException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;

/**
 * Connects recorded pods and takes their connections away. What is about to be done is on disk
 * before the first plugin is called, and stays there until the last one is done: a daemon that is
 * killed anywhere between leaves a record, and the next one calls DEL.
 */
final class Connections {
  private final AttachedPods book;
  private final ConfigurationFolder folder;
  private final PluginVersions versions;
  private final Chain chain;
  private final NamespacePins pins;
  private final BlockingCalls blocking;
  private final Turns turns = new Turns();

  Connections(
      AttachedPods book,
      ConfigurationFolder folder,
      PluginVersions versions,
      Chain chain,
      NamespacePins pins,
      BlockingCalls blocking) {
    this.book = book;
    this.folder = folder;
    this.versions = versions;
    this.chain = chain;
    this.pins = pins;
    this.blocking = blocking;
  }

  /** What goes on while no GC does. */
  private interface Work<T> {
    T run() throws NetworkException;
  }

  private <T> T inTurn(Deadline deadline, Work<T> work) throws NetworkException {
    try {
      if (!turns.begin(deadline)) {
        throw new NetworkException.TimedOut("plugins take too long to collect garbage");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new NetworkException.Unfinished("the daemon is stopping");
    }
    try {
      return work.run();
    } finally {
      turns.end();
    }
  }

  /**
   * Connects a pod that has just been recorded.
   *
   * @return its connection to the first of its networks
   */
  NetworkAttachment connect(AttachedPod pod, Path netns, Deadline deadline)
      throws NetworkException {
    return inTurn(deadline, () -> connectNow(pod, netns, deadline));
  }

  private NetworkAttachment connectNow(AttachedPod pod, Path netns, Deadline deadline)
      throws NetworkException {
    pin(pod.pod(), netns);
    AttachedPod changed = pod;
    for (int i = 0; i < pod.attachments().size(); i++) {
      Attachment attachment = pod.attachments().get(i);
      NetworkList network = NetworkList.parse(attachment.configuration());
      AddResult result = chain.add(network, pod, attachment, deadline);
      changed = changed.with(i, attachment.with(result.body().toString()));
      book.replace(changed);
    }
    return describe(changed);
  }

  /** The pod's connection to the first of its networks, as recorded. */
  NetworkAttachment describe(AttachedPod pod) throws NetworkException {
    Attachment first = pod.attachments().getFirst();
    try {
      return AddResult.parse(first.result(), NetworkList.parse(first.configuration()).version())
          .attachment(first.interfaceName());
    } catch (IllegalArgumentException e) {
      throw new NetworkException.PluginFailed(
          "network " + first.network() + " " + e.getMessage(), 0);
    }
  }

  void pin(PodId pod, Path netns) throws NetworkException {
    call(() -> {
      pins.pin(pod, netns);
      return true;
    });
  }

  /** Takes away all a pod has, and forgets it. */
  void takeAway(PodId pod, Deadline deadline) throws NetworkException {
    AttachedPod recorded = book.find(pod).orElse(null);
    if (recorded == null) {
      return;
    }
    inTurn(
        deadline,
        () -> {
          AttachedPod as = reachable(recorded);
          for (Attachment attachment : as.attachments().reversed()) {
            chain.delete(network(attachment, deadline), as, attachment, deadline);
          }
          return true;
        });
    call(() -> {
      pins.unpin(pod);
      return true;
    });
    book.remove(pod);
  }

  /** A namespace that is gone is not named: plugins are to do without (section 2, DEL). */
  private static AttachedPod reachable(AttachedPod pod) throws NetworkException {
    try {
      return NamespacePins.isPinned(Path.of(pod.netns()))
          ? pod
          : new AttachedPod(
              pod.pod(), "", pod.attachments(), pod.hostPorts(), pod.since(), pod.leaving());
    } catch (LinuxException e) {
      throw new NetworkException.Refused("examine the namespace of pod " + pod.pod(), e);
    }
  }

  /** The network as it was when the pod was connected, or as it is now if that was lost. */
  private NetworkList network(Attachment attachment, Deadline deadline) throws NetworkException {
    if (attachment.configuration().isEmpty()) {
      return versions.choose(folder.standard(), deadline);
    }
    try {
      return NetworkList.parse(attachment.configuration());
    } catch (IllegalArgumentException e) {
      throw new NetworkException.NotConfigured(
          "the recorded configuration of network " + attachment.network() + " " + e.getMessage());
    }
  }

  /** Asks plugins whether all that a pod has is as it was. */
  void check(AttachedPod pod, Deadline deadline) throws NetworkException {
    for (Attachment attachment : pod.attachments()) {
      chain.check(network(attachment, deadline), pod, attachment, deadline);
    }
  }

  /**
   * Has plugins give back what belongs to nobody, if there is a moment for it.
   *
   * @param valid what belongs to somebody; asked for once no ADD and no DEL can go on
   * @return what went wrong, a line each
   */
  List<String> collect(NetworkList network, Supplier<List<Chain.Valid>> valid, Deadline deadline)
      throws InterruptedException {
    if (!turns.beginAlone(deadline)) {
      return List.of("plugins were busy all the time: nothing was collected");
    }
    try {
      return chain.collect(network, valid.get(), deadline);
    } finally {
      turns.endAlone();
    }
  }

  private <T> void call(BlockingCalls.Call<T, NetworkException> call) throws NetworkException {
    try {
      var _ = blocking.call(call);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new NetworkException.Unfinished("the daemon is stopping");
    }
  }
}
