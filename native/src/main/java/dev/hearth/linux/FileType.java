package dev.hearth.linux;

/** Kinds of files, by the type bits of their mode (inode(7)). */
public enum FileType {
  PIPE(0x1000, "pipe"),
  CHARACTER_DEVICE(0x2000, "character device"),
  DIRECTORY(0x4000, "directory"),
  BLOCK_DEVICE(0x6000, "block device"),
  REGULAR(0x8000, "file"),
  LINK(0xA000, "symbolic link"),
  SOCKET(0xC000, "socket");

  private static final int MASK = 0xF000;

  private final int bits;
  private final String text;

  FileType(int bits, String text) {
    this.bits = bits;
    this.text = text;
  }

  int bits() {
    return bits;
  }

  String text() {
    return text;
  }

  static FileType ofMode(int mode) {
    for (FileType type : values()) {
      if ((mode & MASK) == type.bits) {
        return type;
      }
    }
    throw new IllegalArgumentException("mode %o has no known file type".formatted(mode));
  }
}
