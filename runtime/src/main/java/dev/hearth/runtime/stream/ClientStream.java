package dev.hearth.runtime.stream;

import java.io.IOException;

/**
 * One stream of bytes, each way, of a client's connection. Reading and writing wait, without
 * holding a carrier; one thread may read while another writes.
 */
interface ClientStream {
  /**
   * Waits for bytes of the client's.
   *
   * @return how many were read; -1 when the client has ended the stream, or is gone
   */
  int read(byte[] into) throws InterruptedException;

  /**
   * Waits while the client is slow to take what it was sent before.
   *
   * @throws IOException if the client is gone, or wants no more of this stream
   */
  void write(byte[] bytes, int from, int length) throws IOException, InterruptedException;

  /** Ends what the client reads. Again, or without a client, does nothing. */
  void finish();

  /** Tells once, on the event loop, that the client has reset the stream or is gone. */
  void onRefusal(Runnable listener);

  /** Ends both ways at once, whatever is under way. */
  void reset();

  /** Throws away what the client still sends, so that it does not get in the way of the rest. */
  void discardInput();
}
