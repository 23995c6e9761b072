package dev.hearth.runtime.cgroup.systemd;

import dev.hearth.runtime.cgroup.UnitProperty;
import java.math.BigInteger;
import java.util.List;
import org.freedesktop.dbus.types.UInt32;
import org.freedesktop.dbus.types.UInt64;
import org.freedesktop.dbus.types.Variant;

/** Values as the library puts them on the wire. */
final class BusValues {
  /** No further units beside the one to start, a(sa(sv)). */
  static final Object[] NO_UNITS = {};

  private BusValues() {}

  /** Properties as a(sv). */
  static Object[] properties(List<UnitProperty> properties) {
    return properties.stream()
        .map(property -> new Object[] {property.name(), value(property)})
        .toArray();
  }

  private static Variant<?> value(UnitProperty property) {
    return switch (property) {
      case UnitProperty.Text text -> new Variant<>(text.value(), "s");
      case UnitProperty.Flag flag -> new Variant<>(flag.value(), "b");
      case UnitProperty.Amount amount ->
          new Variant<>(
              new UInt64(new BigInteger(Long.toUnsignedString(amount.value())).toString()), "t");
      case UnitProperty.Pids pids ->
          new Variant<>(pids.value().stream().map(UInt32::new).toArray(UInt32[]::new), "au");
    };
  }
}
