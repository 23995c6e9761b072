package dev.hearth.runtime.cgroup.systemd;

import dev.hearth.runtime.cgroup.CgroupException;
import dev.hearth.runtime.cgroup.CgroupException.Reason;
import dev.hearth.runtime.cgroup.SystemdUnits;
import dev.hearth.runtime.cgroup.UnitProperty;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * systemd's own interface, org.freedesktop.systemd1.Manager (org.freedesktop.systemd1(5)), on the
 * system bus. A connection is opened when it is needed, and again after one was lost: the bus may
 * be restarted, and systemd execute itself anew, at any time.
 */
public final class SystemdBus implements SystemdUnits {
  private static final Duration ANSWER = Duration.ofSeconds(10);

  /** What systemd answers on units that it does not know. */
  private static final Set<String> ABSENT = Set.of("org.freedesktop.systemd1.NoSuchUnit");

  private static final Set<String> INVALID =
      Set.of(
          "org.freedesktop.DBus.Error.InvalidArgs",
          "org.freedesktop.DBus.Error.PropertyReadOnly",
          "org.freedesktop.DBus.Error.UnknownProperty",
          "org.freedesktop.systemd1.BadUnitSetting");

  private static final String EXISTS = "org.freedesktop.systemd1.UnitExists";

  /** Replaces a job that is waiting, such as one to start what is now to be stopped. */
  private static final String REPLACE = "replace";

  private static final String FAIL = "fail";

  private final String address;

  /** Guarded by this. */
  private @Nullable BusConnection connection;

  /** Guarded by this. */
  private boolean closed;

  private SystemdBus(String address) {
    this.address = address;
  }

  /** A bus at this address, in the syntax of D-Bus's specification; nothing is opened yet. */
  public static SystemdBus at(String address) {
    return new SystemdBus(address);
  }

  /**
   * The system bus, as the environment has it.
   *
   * @throws CgroupException FAILED if it cannot be reached, or has no systemd
   */
  public static SystemdBus system() throws CgroupException {
    String named = System.getenv("DBUS_SYSTEM_BUS_ADDRESS");
    SystemdBus bus =
        at(named == null || named.isEmpty() ? "unix:path=/run/dbus/system_bus_socket" : named);
    var _ = bus.connected();
    return bus;
  }

  @Override
  public void start(String unit, List<UnitProperty> properties)
      throws CgroupException, InterruptedException {
    BusConnection bus = connected();
    try (JobsOfUnit jobs = bus.jobs(unit)) {
      String job =
          call(
              bus,
              "start unit " + unit,
              "StartTransientUnit",
              "ssa(sv)a(sa(sv))",
              unit,
              FAIL,
              BusValues.properties(properties),
              BusValues.NO_UNITS);
      check("start unit " + unit, jobs.await(job, ANSWER));
    }
  }

  @Override
  public void set(String unit, List<UnitProperty> properties) throws CgroupException {
    var _ =
        call(
            connected(),
            "set properties of unit " + unit,
            "SetUnitProperties",
            "sba(sv)",
            unit,
            true,
            BusValues.properties(properties));
  }

  @Override
  public void stop(String unit, Duration timeout) throws CgroupException, InterruptedException {
    BusConnection bus = connected();
    try (JobsOfUnit jobs = bus.jobs(unit)) {
      String job = call(bus, "stop unit " + unit, "StopUnit", "ss", unit, REPLACE);
      check("stop unit " + unit, jobs.await(job, timeout));
    } catch (CgroupException e) {
      if (e.reason() != Reason.ABSENT) {
        throw e;
      }
    }
  }

  @Override
  public void forget(String unit) throws CgroupException {
    try {
      var _ = call(connected(), "forget unit " + unit, "ResetFailedUnit", "s", unit);
    } catch (CgroupException e) {
      if (e.reason() != Reason.ABSENT) {
        throw e;
      }
    }
  }

  private static void check(String what, String result) throws CgroupException {
    switch (result) {
      case "done", "skipped" -> {}
      case JobsOfUnit.NO_RESULT ->
          throw new CgroupException(
              Reason.TIMED_OUT, what + ": systemd accepted that and did not finish it in time");
      default ->
          throw new CgroupException(
              Reason.FAILED, what + ": systemd says " + result + "; see journalctl for why");
    }
  }

  /** The path of what the answer names, if it names something. */
  private static String call(
      BusConnection bus, String what, String method, String signature, Object... arguments)
      throws CgroupException {
    try {
      return bus.call(method, signature, ANSWER, arguments);
    } catch (BusFailure e) {
      throw new CgroupException(reason(e), what + ": " + e.getMessage(), e);
    }
  }

  private static Reason reason(BusFailure failure) {
    String name = failure.error();
    if (ABSENT.contains(name)) {
      return Reason.ABSENT;
    }
    if (INVALID.contains(name)) {
      return Reason.INVALID;
    }
    return switch (name) {
      case EXISTS -> Reason.BUSY;
      case BusFailure.NO_ANSWER -> Reason.TIMED_OUT;
      default -> Reason.FAILED;
    };
  }

  private synchronized BusConnection connected() throws CgroupException {
    if (closed) {
      throw new CgroupException(Reason.FAILED, "the connection to systemd is closed");
    }
    BusConnection now = connection;
    if (now != null && now.isOpen()) {
      return now;
    }
    if (now != null) {
      now.close();
      connection = null;
    }
    try {
      BusConnection opened = BusConnection.open(address, ANSWER);
      connection = opened;
      return opened;
    } catch (BusFailure e) {
      throw new CgroupException(
          Reason.FAILED,
          "systemd cannot be reached over D-Bus at "
              + address
              + ": "
              + e.getMessage()
              + "; start dbus, or set the cgroup driver to cgroupfs, here and in the kubelet's"
              + " configuration",
          e);
    }
  }

  @Override
  public synchronized void close() {
    closed = true;
    if (connection != null) {
      connection.close();
      connection = null;
    }
  }
}
