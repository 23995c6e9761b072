package dev.hearth.linux;

/** Flags of open(2); O_CLOEXEC is always given and not among them. */
public enum OpenFlag implements Bits {
  READ_ONLY(0),
  WRITE_ONLY(1),
  READ_WRITE(2),
  CREATE(0x40),
  EXCLUSIVE(0x80),
  NO_CONTROLLING_TERMINAL(0x100),
  TRUNCATE(0x200),
  APPEND(0x400),
  NONBLOCKING(0x800),
  DIRECT(Arch.current().openDirect),
  DIRECTORY(Arch.current().openDirectory),
  NO_FOLLOW(Arch.current().openNoFollow),
  NO_ACCESS_TIME(0x4_0000),
  PATH(0x20_0000),
  UNNAMED(0x40_0000 | Arch.current().openDirectory);

  static final int CLOEXEC = 0x8_0000;

  private final int bits;

  OpenFlag(int bits) {
    this.bits = bits;
  }

  @Override
  public long bits() {
    return bits;
  }
}
