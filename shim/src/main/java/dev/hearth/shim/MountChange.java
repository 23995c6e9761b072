package dev.hearth.shim;

import dev.hearth.linux.MountAttribute;
import dev.hearth.linux.Propagation;
import java.util.Optional;
import java.util.Set;

/**
 * A change of a mount's attributes, mount_setattr(2).
 *
 * @param recursive of all mounts below it too
 * @param set attributes to switch on
 * @param clear attributes to switch off
 * @param propagation left as it is when empty
 * @param idMapped whether its owners are seen through the container's user namespace; only of
 *     binds, and before they are attached
 */
public record MountChange(
    boolean recursive,
    Set<MountAttribute> set,
    Set<MountAttribute> clear,
    Optional<Propagation> propagation,
    boolean idMapped) {
  /** The three ways of access times share a field, which a change must clear whole. */
  private static final long ACCESS_TIMES = 0x70;

  private static final long ID_MAPPED = 0x10_0000;

  public MountChange {
    set = Set.copyOf(set);
    clear = Set.copyOf(clear);
  }

  /** Switches attributes on. */
  public static MountChange setting(boolean recursive, Set<MountAttribute> attributes) {
    return new MountChange(recursive, attributes, Set.of(), Optional.empty(), false);
  }

  /** Sets the propagation. */
  public static MountChange propagating(boolean recursive, Propagation propagation) {
    return new MountChange(recursive, Set.of(), Set.of(), Optional.of(propagation), false);
  }

  /** Maps ids through the container's user namespace. */
  public static MountChange mappingIds(boolean recursive) {
    return new MountChange(recursive, Set.of(), Set.of(), Optional.empty(), true);
  }

  long setBits() {
    return bits(set) | (idMapped ? ID_MAPPED : 0);
  }

  long clearBits() {
    long bits = bits(clear);
    return ((bits(set) | bits) & ACCESS_TIMES) == 0 ? bits : bits | ACCESS_TIMES;
  }

  long propagationBits() {
    return propagation.map(Propagation::bits).orElse(0L);
  }

  static long bits(Set<MountAttribute> attributes) {
    return attributes.stream().mapToLong(MountAttribute::bits).reduce(0, (a, b) -> a | b);
  }
}
