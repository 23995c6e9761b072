package dev.hearth.runtime.cgroup.systemd;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.freedesktop.dbus.connections.impl.DBusConnection;
import org.freedesktop.dbus.connections.impl.DBusConnectionBuilder;
import org.freedesktop.dbus.exceptions.DBusException;
import org.freedesktop.dbus.matchrules.DBusMatchRule;
import org.freedesktop.dbus.matchrules.DBusMatchRuleBuilder;
import org.freedesktop.dbus.messages.DBusSignal;
import org.freedesktop.dbus.messages.Error;
import org.freedesktop.dbus.messages.Message;
import org.freedesktop.dbus.messages.MethodCall;

/**
 * One connection to the bus on which systemd is, subscribed to the ends of its jobs. Thread-safe.
 * It is of no more use once it is lost.
 */
final class BusConnection implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(BusConnection.class.getName());

  private static final String NAME = "org.freedesktop.systemd1";
  private static final String PATH = "/org/freedesktop/systemd1";
  private static final String MANAGER = "org.freedesktop.systemd1.Manager";

  private static final byte NO_FLAGS = 0;

  private final DBusConnection bus;

  /** Who waits for a job, by the unit's name. */
  private final ConcurrentHashMap<String, List<JobsOfUnit>> waiting = new ConcurrentHashMap<>();

  private BusConnection(DBusConnection bus) {
    this.bus = bus;
  }

  static BusConnection open(String address, Duration timeout) throws BusFailure {
    DBusConnection bus;
    try {
      bus =
          DBusConnectionBuilder.forAddress(address)
              .withShared(false)
              .transportConfig()
              .withTimeout(Math.toIntExact(timeout.toMillis()))
              .back()
              .build();
    } catch (DBusException | RuntimeException e) {
      // The library also throws unchecked ones, for an address that it cannot use among others.
      throw lost(e);
    }
    BusConnection connection = new BusConnection(bus);
    try {
      connection.subscribe(timeout);
      return connection;
    } catch (BusFailure e) {
      connection.close();
      throw e;
    }
  }

  private void subscribe(Duration timeout) throws BusFailure {
    DBusMatchRule removed =
        DBusMatchRuleBuilder.create()
            .withType("signal")
            .withInterface(MANAGER)
            .withMember("JobRemoved")
            .withPath(PATH)
            .build();
    try {
      var _ = bus.addGenericSigHandler(removed, this::jobRemoved);
    } catch (DBusException | RuntimeException e) {
      throw lost(e);
    }
    // Without it systemd sends no signals.
    var _ = call("Subscribe", "", timeout);
  }

  boolean isOpen() {
    return bus.isConnected();
  }

  /** JobRemoved(u id, o job, s unit, s result). */
  private void jobRemoved(DBusSignal signal) {
    try {
      Object[] fields = signal.getParameters();
      if (fields.length == 4) {
        waiting
            .getOrDefault(text(fields[2]), List.of())
            .forEach(jobs -> jobs.finished(text(fields[1]), text(fields[3])));
      }
    } catch (DBusException e) {
      LOG.log(System.Logger.Level.WARNING, "systemd's JobRemoved cannot be read", e);
    }
  }

  private static String text(Object field) {
    return String.valueOf(field);
  }

  /** Begins to listen for the ends of a unit's jobs. */
  JobsOfUnit jobs(String unit) {
    JobsOfUnit[] self = new JobsOfUnit[1];
    JobsOfUnit jobs = new JobsOfUnit(() -> forget(unit, self[0]));
    self[0] = jobs;
    waiting.compute(
        unit,
        (name, known) -> {
          List<JobsOfUnit> all = known == null ? new CopyOnWriteArrayList<>() : known;
          all.add(jobs);
          return all;
        });
    return jobs;
  }

  private void forget(String unit, JobsOfUnit jobs) {
    waiting.computeIfPresent(
        unit,
        (name, known) -> {
          known.remove(jobs);
          return known.isEmpty() ? null : known;
        });
  }

  /**
   * Calls a method of systemd's.
   *
   * @return the first of what it answers as text, if it answers anything
   */
  String call(String method, String signature, Duration timeout, Object... arguments)
      throws BusFailure {
    Message reply;
    try {
      MethodCall call =
          bus.getMessageFactory()
              .createMethodCall(null, NAME, PATH, MANAGER, method, NO_FLAGS, signature, arguments);
      bus.sendMessage(call);
      reply = call.getReply(timeout.toMillis());
    } catch (DBusException | RuntimeException e) {
      throw lost(e);
    }
    if (reply == null) {
      throw new BusFailure(
          BusFailure.NO_ANSWER,
          "systemd did not answer within " + timeout.toSeconds() + " s",
          null);
    }
    Object[] fields = fields(reply);
    String first = fields.length == 0 ? "" : text(fields[0]);
    if (reply instanceof Error) {
      throw new BusFailure(reply.getName(), first + " (" + reply.getName() + ")", null);
    }
    return first;
  }

  private static Object[] fields(Message reply) throws BusFailure {
    try {
      Object[] fields = reply.getParameters();
      return fields == null ? new Object[] {} : fields;
    } catch (DBusException e) {
      throw new BusFailure(BusFailure.NO_CONNECTION, "an answer of systemd's cannot be read", e);
    }
  }

  private static BusFailure lost(Exception cause) {
    return new BusFailure(BusFailure.NO_CONNECTION, String.valueOf(cause.getMessage()), cause);
  }

  @Override
  public void close() {
    try {
      bus.close();
    } catch (IOException | RuntimeException e) {
      LOG.log(System.Logger.Level.DEBUG, "the bus is closed already", e);
    }
  }
}
