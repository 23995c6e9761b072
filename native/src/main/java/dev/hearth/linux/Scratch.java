package dev.hearth.linux;

import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A block of C memory at a fixed address, zeroed, for structures that hold pointers. Freed by
 * closing; JNA's own Memory would leave that to a thread it starts when it likes.
 */
final class Scratch implements AutoCloseable {
  private final long address;
  private final Pointer pointer;
  private final ByteBuffer view;
  private int used;

  Scratch(int size) {
    address = Native.malloc(size);
    if (address == 0) {
      throw new OutOfMemoryError("no memory for a native call of " + size + " bytes");
    }
    pointer = new Pointer(address);
    pointer.setMemory(0, size, (byte) 0);
    view = pointer.getByteBuffer(0, size).order(ByteOrder.nativeOrder());
  }

  /** The whole block, not to be used after closing. */
  ByteBuffer view() {
    return view;
  }

  long address() {
    return address;
  }

  /** Takes the next bytes, eight-aligned: their offset in the block. */
  int take(int size) {
    int offset = (used + 7) & ~7;
    if (size < 0 || offset + size > view.capacity()) {
      throw new IllegalStateException("scratch of " + view.capacity() + " bytes is too small");
    }
    used = offset + size;
    return offset;
  }

  /** Takes room for these and copies them in: their address. */
  long put(byte[] bytes) {
    int offset = take(bytes.length);
    view.put(offset, bytes);
    return address + offset;
  }

  /** The room that a size takes, with its alignment. */
  static int room(int size) {
    return (size + 7) & ~7;
  }

  @Override
  public void close() {
    Native.free(address);
  }
}
