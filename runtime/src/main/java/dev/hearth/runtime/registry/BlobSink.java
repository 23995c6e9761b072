package dev.hearth.runtime.registry;

/**
 * Takes the bytes of a blob as they arrive.
 *
 * @param <E> what it throws; that ends the transfer
 */
@FunctionalInterface
public interface BlobSink<E extends Exception> {
  /** The bytes are valid during the call only. */
  void accept(byte[] bytes, int offset, int length) throws E;
}
