package dev.hearth.runtime.nri.ttrpc;

/** Why a call has no result. */
public abstract sealed class PeerException extends Exception {
  private static final long serialVersionUID = 1;

  private PeerException(String message) {
    super(message);
  }

  /** The peer answered with an error of its own. */
  public static final class Refused extends PeerException {
    private static final long serialVersionUID = 1;

    /** gRPC's status codes, as far as they are told apart here. */
    public static final int UNKNOWN = 2;

    public static final int INVALID_ARGUMENT = 3;
    public static final int RESOURCE_EXHAUSTED = 8;
    public static final int UNIMPLEMENTED = 12;

    private final int code;

    public Refused(int code, String message) {
      super(message);
      this.code = code;
    }

    /** A status code of gRPC, not 0. */
    public int code() {
      return code;
    }
  }

  /** The peer did not answer in time. */
  public static final class Silent extends PeerException {
    private static final long serialVersionUID = 1;

    public Silent(String message) {
      super(message);
    }
  }

  /** The connection has ended. */
  public static final class Gone extends PeerException {
    private static final long serialVersionUID = 1;

    public Gone(String message) {
      super(message);
    }
  }

  /** The peer does not keep to the protocol; the connection is of no further use. */
  public static final class Broken extends PeerException {
    private static final long serialVersionUID = 1;

    public Broken(String message) {
      super(message);
    }
  }
}
