package dev.hearth.runtime.stream;

import java.io.IOException;
import java.util.Optional;

/**
 * The client of an exec or attach, with all the streams it was to open.
 *
 * @param resize terminal sizes, for a terminal and where the protocol has them
 */
record CommandClient(
    ClientConnection connection,
    CommandProtocol protocol,
    Optional<ClientStream> stdin,
    Optional<ClientStream> stdout,
    Optional<ClientStream> stderr,
    Optional<ClientStream> resize,
    ClientStream error) {

  /** Tells how it ended, behind all output, and ends the connection. */
  void conclude(Outcome outcome) throws InterruptedException {
    byte[] told = outcome.told(protocol);
    stdout.ifPresent(ClientStream::finish);
    stderr.ifPresent(ClientStream::finish);
    try {
      if (told.length > 0) {
        error.write(told, 0, told.length);
      }
    } catch (IOException e) {
      return; // nobody is there to be told
    } finally {
      error.finish();
      stdin.ifPresent(ClientStream::finish);
      resize.ifPresent(ClientStream::finish);
      connection.end();
    }
  }
}
