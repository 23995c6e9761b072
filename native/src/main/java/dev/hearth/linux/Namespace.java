package dev.hearth.linux;

/** Kinds of namespaces, namespaces(7). */
public enum Namespace implements Bits {
  MOUNT(0x0002_0000, "mnt"),
  CGROUP(0x0200_0000, "cgroup"),
  UTS(0x0400_0000, "uts"),
  IPC(0x0800_0000, "ipc"),
  USER(0x1000_0000, "user"),
  PID(0x2000_0000, "pid"),
  NETWORK(0x4000_0000, "net"),
  TIME(0x0000_0080, "time");

  private final int bits;
  private final String procName;

  Namespace(int bits, String procName) {
    this.bits = bits;
    this.procName = procName;
  }

  @Override
  public long bits() {
    return bits;
  }

  /** Its name in /proc/PID/ns. */
  public String procName() {
    return procName;
  }
}
