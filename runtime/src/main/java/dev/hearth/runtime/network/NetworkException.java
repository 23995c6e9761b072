package dev.hearth.runtime.network;

import dev.hearth.linux.LinuxException;
import java.io.IOException;

/** Why the network of a pod could not be made, changed or taken away. */
public abstract sealed class NetworkException extends Exception {
  private static final long serialVersionUID = 1;

  private NetworkException(String message) {
    super(message);
  }

  private NetworkException(String message, Throwable cause) {
    super(message, cause);
  }

  /** The kernel refused. */
  public static final class Refused extends NetworkException {
    private static final long serialVersionUID = 1;

    /**
     * @param intent what was to be achieved, such as {@code connect pod 0123…}
     */
    public Refused(String intent, LinuxException cause) {
      super("cannot " + intent + ": " + cause.getMessage(), cause);
    }
  }

  /** This kernel lacks something the network is built from. */
  public static final class Unsupported extends NetworkException {
    private static final long serialVersionUID = 1;

    public Unsupported(String message, LinuxException cause) {
      super(message, cause);
    }
  }

  /** Every address of the subnet is taken. */
  public static final class Exhausted extends NetworkException {
    private static final long serialVersionUID = 1;

    public Exhausted(String message) {
      super(message);
    }
  }

  /** Another pod has the port of the node. */
  public static final class HostPortTaken extends NetworkException {
    private static final long serialVersionUID = 1;

    public HostPortTaken(String message) {
      super(message);
    }
  }

  /** What the network must remember could not be written or read. */
  public static final class Storage extends NetworkException {
    private static final long serialVersionUID = 1;

    public Storage(String message, IOException cause) {
      super(message + ": " + cause.getMessage(), cause);
    }
  }

  /** The request makes no sense. */
  public static final class Invalid extends NetworkException {
    private static final long serialVersionUID = 1;

    public Invalid(String message) {
      super(message);
    }
  }

  /** What was attached is not, or no longer, as it should be. */
  public static final class Defective extends NetworkException {
    private static final long serialVersionUID = 1;

    public Defective(String message) {
      super(message);
    }
  }

  /** Something begun earlier stands in the way; it is being worked on. */
  public static final class Unfinished extends NetworkException {
    private static final long serialVersionUID = 1;

    public Unfinished(String message) {
      super(message);
    }
  }
}
