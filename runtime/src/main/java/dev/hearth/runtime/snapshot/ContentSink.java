package dev.hearth.runtime.snapshot;

import java.io.IOException;

/** Takes a file's content in order. */
interface ContentSink {
  /** Takes the next bytes; the array belongs to the caller again on return. */
  void content(byte[] source, int offset, int length) throws IOException;

  /** Takes the next bytes, all of them zero and none of them stored in the archive. */
  void hole(long length) throws IOException;
}
