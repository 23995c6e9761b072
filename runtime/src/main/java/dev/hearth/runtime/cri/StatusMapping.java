package dev.hearth.runtime.cri;

import dev.hearth.runtime.model.HearthException;
import io.grpc.Status;

/** The one place where our errors become gRPC status codes. */
final class StatusMapping {
  private StatusMapping() {}

  static Status status(Throwable failure) {
    if (failure instanceof InterruptedException) {
      return Status.CANCELLED
          .withDescription("given up: the client has gone, or the daemon stops")
          .withCause(failure);
    }
    Status.Code code =
        switch (failure) {
          case HearthException e ->
              switch (e) {
                case HearthException.InvalidRequest _ -> Status.Code.INVALID_ARGUMENT;
                case HearthException.NotFound _ -> Status.Code.NOT_FOUND;
                case HearthException.WrongState _ -> Status.Code.FAILED_PRECONDITION;
                case HearthException.Busy _ -> Status.Code.UNAVAILABLE;
                case HearthException.LimitReached _ -> Status.Code.RESOURCE_EXHAUSTED;
                case HearthException.TimedOut _ -> Status.Code.DEADLINE_EXCEEDED;
                case HearthException.AccessDenied _ -> Status.Code.UNAUTHENTICATED;
                case HearthException.Unsupported _ -> Status.Code.UNIMPLEMENTED;
                case HearthException.HostFailure _ -> Status.Code.INTERNAL;
              };
          case OutOfMemoryError _ -> Status.Code.RESOURCE_EXHAUSTED;
          default -> Status.Code.INTERNAL;
        };
    return code.toStatus().withDescription(describe(failure)).withCause(failure);
  }

  /** The message, then each clean-up that failed as well. */
  private static String describe(Throwable failure) {
    StringBuilder text = new StringBuilder(message(failure));
    for (Throwable suppressed : failure.getSuppressed()) {
      text.append("; also ").append(message(suppressed));
      if (suppressed.getCause() != null) {
        text.append(": ").append(message(suppressed.getCause()));
      }
    }
    return text.toString();
  }

  private static String message(Throwable failure) {
    String message = failure.getMessage();
    return failure instanceof HearthException && message != null ? message : failure.toString();
  }
}
