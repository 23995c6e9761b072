package dev.hearth.runtime.registry;

import dev.hearth.runtime.registry.RegistryException.Unreachable;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.random.RandomGenerator;
import javax.net.ssl.SSLException;

/** Repeats requests that failed in a way that passes. */
record Retry(RetryPolicy policy, Pauses pauses, RandomGenerator random) {
  /** One attempt. */
  @FunctionalInterface
  interface Call<T> {
    T run() throws IOException, RegistryException, TryAgain, InterruptedException;
  }

  /** The registry answered that it cannot just now. */
  static final class TryAgain extends Exception {
    private static final long serialVersionUID = 1;

    private final RegistryException failure;
    private final Duration wanted;

    /**
     * @param failure if nobody tries again
     * @param wanted what Retry-After asks for; zero for nothing
     */
    TryAgain(RegistryException failure, Duration wanted) {
      super(failure);
      this.failure = failure;
      this.wanted = wanted;
    }

    RegistryException failure() {
      return failure;
    }

    Duration wanted() {
      return wanted;
    }
  }

  Retry withAttempts(int fewer) {
    return new Retry(policy.withAttempts(fewer), pauses, random);
  }

  /**
   * @param subject begins the message when no attempt succeeds: "registry host"
   */
  <T> T call(String subject, Call<T> call) throws RegistryException, InterruptedException {
    for (int attempt = 1; ; attempt++) {
      Duration wanted;
      try {
        return call.run();
      } catch (TryAgain e) {
        if (attempt >= policy.attempts()) {
          throw e.failure;
        }
        wanted = e.wanted;
      } catch (IOException e) {
        if (attempt >= policy.attempts() || !passes(e)) {
          throw unreachable(subject, e);
        }
        wanted = Duration.ZERO;
      }
      pauseAfter(attempt, wanted);
    }
  }

  /** Pauses after so many failures in a row, at least as long as wanted, within the bound. */
  void pauseAfter(int failures, Duration wanted) throws InterruptedException {
    Duration own = Pauses.after(failures, policy, random);
    Duration asked = wanted.compareTo(policy.longestPause()) > 0 ? policy.longestPause() : wanted;
    pauses.pause(asked.compareTo(own) > 0 ? asked : own);
  }

  /** Whether the same attempt may fare better. A certificate does not become valid. */
  static boolean passes(IOException e) {
    return !(e instanceof SSLException);
  }

  static Unreachable unreachable(String subject, IOException e) throws InterruptedException {
    if (e instanceof InterruptedIOException || Thread.interrupted()) {
      InterruptedException interrupted = new InterruptedException("interrupted: " + subject);
      interrupted.initCause(e);
      throw interrupted;
    }
    return new Unreachable(subject + " cannot be reached: " + reason(e), e);
  }

  private static String reason(IOException e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof UnresolvedAddressException) {
        return "its name does not resolve";
      }
    }
    return switch (e) {
      case HttpConnectTimeoutException timeout -> "connecting timed out";
      case HttpTimeoutException timeout ->
          timeout.getMessage() == null ? "it does not answer" : timeout.getMessage();
      case ConnectException refused ->
          refused.getMessage() == null ? "connection refused" : refused.getMessage();
      case SSLException tls -> "TLS: " + tls.getMessage();
      default ->
          e.getMessage() == null ? e.getClass().getSimpleName() : Text.printable(e.getMessage());
    };
  }
}
