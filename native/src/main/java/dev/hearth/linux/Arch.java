package dev.hearth.linux;

/**
 * What differs between the two processors Hearth runs on: a few open(2) flags, the layout of
 * epoll_event, a system call number. System calls numbered above 423 have one number everywhere;
 * older ones go by their libc names.
 */
enum Arch {
  X86_64(0x1_0000, 0x2_0000, 0x4000, 12, 4, 321),
  AARCH64(0x4000, 0x8000, 0x1_0000, 16, 8, 280);

  private static final Arch CURRENT = of(System.getProperty("os.arch", ""));

  final int openDirectory;
  final int openNoFollow;
  final int openDirect;

  /** Size of an epoll_event in bytes: packed on x86_64, see epoll_ctl(2). */
  final int epollEventSize;

  /** Offset of its data in bytes. */
  final int epollDataOffset;

  /** Number of bpf(2), which has no function in the C library. */
  final int bpf;

  Arch(
      int openDirectory,
      int openNoFollow,
      int openDirect,
      int epollEventSize,
      int epollDataOffset,
      int bpf) {
    this.openDirectory = openDirectory;
    this.openNoFollow = openNoFollow;
    this.openDirect = openDirect;
    this.epollEventSize = epollEventSize;
    this.epollDataOffset = epollDataOffset;
    this.bpf = bpf;
  }

  static Arch current() {
    return CURRENT;
  }

  static Arch of(String name) {
    return switch (name) {
      case "amd64", "x86_64" -> X86_64;
      case "aarch64", "arm64" -> AARCH64;
      default -> throw new IllegalStateException("no system calls known for processor " + name);
    };
  }
}
