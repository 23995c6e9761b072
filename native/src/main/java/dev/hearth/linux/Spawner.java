package dev.hearth.linux;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * One posix_spawn(3). The C library clones with CLONE_VFORK, so the cost does not grow with the
 * heap, and does between clone and exec only what is listed here.
 */
final class Spawner implements AutoCloseable {
  /** At least sizeof posix_spawn_file_actions_t and posix_spawnattr_t (80 and 336 in glibc). */
  private static final int OPAQUE_SIZE = 512;

  private static final int SIGNAL_SET_SIZE = 128;
  private static final int LAST_STANDARD = 2;
  private static final int SETSIGDEF = 0x04;
  private static final int SETSIGMASK = 0x08;
  private static final int SETSID = 0x80;

  private final Spawn spawn;
  private final String operation = "start";
  private final List<AutoCloseable> held = new ArrayList<>();

  private Spawner(Spawn spawn) {
    this.spawn = spawn;
  }

  static int start(Spawn spawn) throws LinuxException {
    try (Spawner spawner = new Spawner(spawn)) {
      return spawner.start();
    }
  }

  private int start() throws LinuxException {
    List<byte[]> arguments = new ArrayList<>();
    for (String argument : spawn.arguments()) {
      arguments.add(Sys.encode(operation, argument));
    }
    List<byte[]> environment = new ArrayList<>();
    for (Map.Entry<String, String> variable : spawn.environment().entrySet()) {
      environment.add(Sys.encode(operation, variable.getKey() + "=" + variable.getValue()));
    }
    int size = 2 * OPAQUE_SIZE + room(arguments) + room(environment);
    try (Scratch scratch = new Scratch(size)) {
      long actions = scratch.address() + scratch.take(OPAQUE_SIZE);
      long attributes = scratch.address() + scratch.take(OPAQUE_SIZE);
      long argv = vector(scratch, arguments);
      long envp = vector(scratch, environment);
      check(LibC.posix_spawn_file_actions_init(actions));
      try {
        check(LibC.posix_spawnattr_init(attributes));
        try {
          mapDescriptors(actions);
          setAttributes(attributes);
          int[] pid = new int[1];
          byte[] path = Sys.encode(operation, spawn.program().toString());
          check(LibC.posix_spawn(pid, path, actions, attributes, argv, envp));
          return pid[0];
        } finally {
          LibC.posix_spawnattr_destroy(attributes);
        }
      } finally {
        LibC.posix_spawn_file_actions_destroy(actions);
      }
    }
  }

  /** These functions answer the error number instead of setting errno. */
  private void check(int error) throws LinuxException {
    if (error != 0) {
      throw new LinuxException(operation, spawn.program().toString(), error);
    }
  }

  private static int room(List<byte[]> strings) {
    int room = Scratch.room((strings.size() + 1) * Long.BYTES);
    for (byte[] string : strings) {
      room += Scratch.room(string.length);
    }
    return room;
  }

  private static long vector(Scratch scratch, List<byte[]> strings) {
    int vector = scratch.take((strings.size() + 1) * Long.BYTES);
    ByteBuffer view = scratch.view();
    for (int i = 0; i < strings.size(); i++) {
      view.putLong(vector + i * Long.BYTES, scratch.put(strings.get(i)));
    }
    return scratch.address() + vector;
  }

  /**
   * Moves each descriptor to its number and closes every other. A source whose number is another's
   * target would be overwritten before its turn, so such ones are first copied above all targets.
   */
  private void mapDescriptors(long actions) throws LinuxException {
    int last = LAST_STANDARD;
    for (int target : spawn.descriptors().keySet()) {
      last = Math.max(last, target);
    }
    for (Map.Entry<Integer, Fd> entry : spawn.descriptors().entrySet()) {
      Fd.Use use = entry.getValue().use(operation);
      held.add(use);
      int source = use.number();
      if (source <= last && source != entry.getKey()) {
        Fd copy = Descriptors.duplicate(entry.getValue(), last + 1);
        held.add(copy);
        source = copy.number();
      }
      check(LibC.posix_spawn_file_actions_adddup2(actions, source, entry.getKey()));
    }
    byte[] nowhere = Sys.encode(operation, "/dev/null");
    int readWrite = (int) OpenFlag.READ_WRITE.bits();
    for (int target = 0; target <= last; target++) {
      if (spawn.descriptors().containsKey(target)) {
        continue;
      }
      check(
          target <= LAST_STANDARD
              ? LibC.posix_spawn_file_actions_addopen(actions, target, nowhere, readWrite, 0)
              : LibC.posix_spawn_file_actions_addclose(actions, target));
    }
    check(LibC.posix_spawn_file_actions_addclosefrom_np(actions, last + 1));
  }

  /** Every signal unblocked and at its default, whatever the virtual machine has set up. */
  private void setAttributes(long attributes) throws LinuxException {
    byte[] none = new byte[SIGNAL_SET_SIZE];
    byte[] all = new byte[SIGNAL_SET_SIZE];
    Arrays.fill(all, 0, Signals.MAX / 8, (byte) 0xFF);
    check(LibC.posix_spawnattr_setsigmask(attributes, none));
    check(LibC.posix_spawnattr_setsigdefault(attributes, all));
    int flags = SETSIGDEF | SETSIGMASK | (spawn.newSession() ? SETSID : 0);
    check(LibC.posix_spawnattr_setflags(attributes, (short) flags));
  }

  @Override
  public void close() {
    for (AutoCloseable each : held) {
      switch (each) {
        case Fd fd -> fd.close();
        case Fd.Use use -> use.close();
        default -> throw new IllegalStateException("held " + each);
      }
    }
  }
}
