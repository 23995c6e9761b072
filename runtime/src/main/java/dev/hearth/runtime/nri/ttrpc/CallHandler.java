package dev.hearth.runtime.nri.ttrpc;

import com.google.protobuf.ByteString;

/** Answers what a peer calls. Called on a thread of its own for each call. */
@FunctionalInterface
public interface CallHandler {
  /**
   * @param service its full name
   * @param payload the serialised argument
   * @return the serialised result
   * @throws PeerException.Refused to answer with an error
   */
  ByteString handle(String service, String method, ByteString payload) throws PeerException.Refused;
}
