package dev.hearth.linux;

import java.util.Set;

/** A flag of the kernel's; a set of them is their union. */
interface Bits {
  long bits();

  static long union(Set<? extends Bits> flags) {
    long union = 0;
    for (Bits flag : flags) {
      union |= flag.bits();
    }
    return union;
  }
}
