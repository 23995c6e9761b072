package dev.hearth.runtime.nri;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import dev.hearth.proto.nri.v1alpha1.ConfigureResponse;
import dev.hearth.proto.nri.v1alpha1.Event;
import dev.hearth.proto.nri.v1alpha1.FailurePolicy;
import dev.hearth.proto.nri.v1alpha1.StateChangeEvent;
import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.nri.ttrpc.Peer;
import dev.hearth.runtime.nri.ttrpc.PeerException;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A registered plugin. It gets one call at a time, in the order in which they are made: that is
 * what plugins were written for.
 */
final class Plugin {
  private static final System.Logger LOG = System.getLogger("dev.hearth.nri");
  private static final String SERVICE = "nri.pkg.api.v1alpha1.Plugin";

  private final PluginName name;
  private final Peer peer;
  private final Duration patience;
  private final int events;
  private final FailurePolicy policy;

  /** Fair, so that the order of calls is that of their makers. */
  private final ReentrantLock calling = new ReentrantLock(true);

  /** Whether it knows what there is: only then it has a say. */
  private volatile boolean introduced;

  /** What it has no method for. Under {@code calling}. */
  private final Set<Event> reported = EnumSet.noneOf(Event.class);

  /**
   * @param patience how long it may take to answer
   * @throws HearthException.InvalidRequest if it subscribed to what there is not
   */
  Plugin(PluginName name, Peer peer, Duration patience, ConfigureResponse configuration) {
    this.name = name;
    this.peer = peer;
    this.patience = patience;
    int all = (1 << (Event.LAST.getNumber() - 1)) - 1;
    if ((configuration.getEvents() & ~all) != 0) {
      throw new HearthException.InvalidRequest(
          "plugin "
              + name
              + " subscribes to events that there are not: 0x"
              + Integer.toHexString(configuration.getEvents()));
    }
    this.events = configuration.getEvents() == 0 ? all : configuration.getEvents();
    this.policy = configuration.getFailurePolicy();
  }

  PluginName name() {
    return name;
  }

  boolean subscribed(Event event) {
    return event == Event.UNKNOWN || (events & 1 << (event.getNumber() - 1)) != 0;
  }

  boolean connected() {
    return peer.open();
  }

  /** It knows what there is, and is from now on called. */
  void introduce() {
    introduced = true;
  }

  boolean introduced() {
    return introduced;
  }

  void drop() {
    peer.close();
  }

  /** Held to let other calls wait until this thread's are through. */
  ReentrantLock calling() {
    return calling;
  }

  /**
   * Calls the plugin, if it subscribed to that.
   *
   * @param change what a plugin of an older release is told instead
   * @return its answer; empty if it was not asked, or is dropped for not answering
   * @throws HearthException.WrongState if it refuses
   * @throws HearthException.HostFailure if it does not answer, and wants requests to fail then
   */
  <R extends MessageLite> Optional<R> call(
      Method<R> method, MessageLite request, StateChangeEvent change) {
    if (!subscribed(method.event())) {
      return Optional.empty();
    }
    calling.lock();
    try {
      if (!introduced || !connected()) {
        return Optional.empty();
      }
      return reported.contains(method.event())
          ? report(method, change)
          : Optional.of(send(method, request, patience));
    } catch (PeerException.Refused e) {
      return refused(method, change, e);
    } catch (PeerException e) {
      return unanswered(method, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new HearthException.Busy("the daemon is stopping", e);
    } finally {
      calling.unlock();
    }
  }

  /** Calls it whatever it subscribed to, and leaves every failure to the caller. */
  <R extends MessageLite> R send(Method<R> method, MessageLite request, Duration within)
      throws PeerException, InterruptedException {
    return send(peer, method, request, within);
  }

  /** The same for one that is not registered yet. */
  static <R extends MessageLite> R send(
      Peer peer, Method<R> method, MessageLite request, Duration within)
      throws PeerException, InterruptedException {
    ByteString answer = peer.call(SERVICE, method.name(), request.toByteString(), within);
    try {
      return method.answer().parseFrom(answer);
    } catch (InvalidProtocolBufferException e) {
      throw new PeerException.Broken(
          "the answer to " + method.name() + " is none: " + e.getMessage());
    }
  }

  private <R extends MessageLite> Optional<R> refused(
      Method<R> method, StateChangeEvent change, PeerException.Refused refusal) {
    if (method.reports() && refusal.code() == PeerException.Refused.UNIMPLEMENTED) {
      reported.add(method.event());
      LOG.log(
          System.Logger.Level.INFO,
          "plugin {0} has no {1} and is told by StateChange",
          name,
          method.name());
      try {
        return report(method, change);
      } catch (PeerException.Refused e) {
        throw refusal(method, e);
      } catch (PeerException e) {
        return unanswered(method, e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new HearthException.Busy("the daemon is stopping", e);
      }
    }
    throw refusal(method, refusal);
  }

  private HearthException refusal(Method<?> method, PeerException.Refused refusal) {
    return new HearthException.WrongState(
        "plugin " + name + " refused " + method.name() + ": " + refusal.getMessage(), refusal);
  }

  private <R extends MessageLite> Optional<R> report(Method<R> method, StateChangeEvent change)
      throws PeerException, InterruptedException {
    var _ =
        send(Method.STATE_CHANGE, change.toBuilder().setEvent(method.event()).build(), patience);
    return Optional.empty();
  }

  private <R extends MessageLite> Optional<R> unanswered(Method<R> method, PeerException failure) {
    boolean kept = failure instanceof PeerException.Silent && policy.getKeepConnected();
    if (!kept) {
      drop();
    }
    String what = "plugin " + name + " failed at " + method.name() + ": " + failure.getMessage();
    if (policy.getFailRequest()) {
      throw new HearthException.HostFailure(what, failure);
    }
    LOG.log(
        System.Logger.Level.WARNING,
        "{0}; {1}going on without it",
        what,
        kept ? "" : "it is dropped, ");
    return Optional.empty();
  }

  @Override
  public String toString() {
    return name.toString();
  }
}
