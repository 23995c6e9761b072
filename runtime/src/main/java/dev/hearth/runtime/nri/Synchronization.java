package dev.hearth.runtime.nri;

import com.google.protobuf.MessageLite;
import dev.hearth.proto.nri.v1alpha1.Container;
import dev.hearth.proto.nri.v1alpha1.ContainerUpdate;
import dev.hearth.proto.nri.v1alpha1.PodSandbox;
import dev.hearth.proto.nri.v1alpha1.SynchronizeRequest;
import dev.hearth.proto.nri.v1alpha1.SynchronizeResponse;
import dev.hearth.runtime.nri.ttrpc.PeerException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Tells a plugin of all pods and containers, in as few pieces as its messages can carry. Old
 * plugins cannot put pieces together, so there is one piece whenever it fits.
 */
final class Synchronization {
  /** Bytes of a message's lists: what the protocol allows, less what is around them. */
  static final int MAX_BYTES = (4 << 20) - 4096;

  private final int maxBytes;
  private final List<SynchronizeRequest> pieces = new ArrayList<>();
  private SynchronizeRequest.Builder piece = SynchronizeRequest.newBuilder();
  private long size;

  Synchronization(int maxBytes) {
    this.maxBytes = maxBytes;
  }

  void add(PodSandbox pod) {
    makeRoom(pod);
    piece.addPods(pod);
  }

  void add(Container container) {
    makeRoom(container);
    piece.addContainers(container);
  }

  private void makeRoom(MessageLite entry) {
    // A tag, and a length of at most five bytes.
    long bytes = entry.getSerializedSize() + 6L;
    if (size > 0 && size + bytes > maxBytes) {
      pieces.add(piece.build());
      piece = SynchronizeRequest.newBuilder();
      size = 0;
    }
    size += bytes;
  }

  /**
   * Sends everything.
   *
   * @param within how long each piece may take
   * @return what the plugin wants changed
   * @throws PeerException if it fails, or cannot put pieces together
   */
  List<ContainerUpdate> send(Plugin plugin, Duration within)
      throws PeerException, InterruptedException {
    pieces.add(piece.build());
    for (SynchronizeRequest some : pieces.subList(0, pieces.size() - 1)) {
      SynchronizeResponse answer =
          plugin.send(Method.SYNCHRONIZE, some.toBuilder().setMore(true).build(), within);
      if (!answer.getMore() || answer.getUpdateCount() > 0) {
        throw new PeerException.Broken(
            "it cannot take "
                + pieces.size()
                + " pieces of the list of pods and containers, and it does not fit into one");
      }
    }
    return plugin.send(Method.SYNCHRONIZE, pieces.getLast(), within).getUpdateList();
  }
}
