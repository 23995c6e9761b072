package dev.hearth.cli;

/**
 * What stands before the content of a record in a container's log.
 *
 * @param timestamp RFC 3339 with nanoseconds, as written; empty for a line that is no record
 * @param partial the content goes on in the stream's next record
 */
record LogRecordHead(String timestamp, Stream stream, boolean partial) {
  enum Stream {
    STDOUT,
    STDERR
  }
}
