package dev.hearth.runtime.network;

import dev.hearth.linux.LinuxException;

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

    public Storage(String message, Exception cause) {
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

  /** A plugin said no, or did not behave. */
  public static final class PluginFailed extends NetworkException {
    private static final long serialVersionUID = 1;

    /** Error codes of the specification, section 5. */
    private static final int UNKNOWN_CONTAINER = 3;

    private static final int TRY_AGAIN = 11;

    private final int code;

    /**
     * @param code of the plugin's error result; 0 if it gave none
     */
    public PluginFailed(String message, int code) {
      super(message);
      this.code = code;
    }

    /**
     * Whether the plugin says that there is nothing of the pod that would have to be cleaned up.
     */
    public boolean nothingToCleanUp() {
      return code == UNKNOWN_CONTAINER;
    }

    /** Whether the plugin says that it will pass. */
    public boolean passing() {
      return code == TRY_AGAIN;
    }
  }

  /** The time that was set for it is over. */
  public static final class TimedOut extends NetworkException {
    private static final long serialVersionUID = 1;

    public TimedOut(String message) {
      super(message);
    }
  }

  /**
   * There is no network to connect to, or what describes it is wrong: an operator can mend that.
   */
  public static final class NotConfigured extends NetworkException {
    private static final long serialVersionUID = 1;

    public NotConfigured(String message) {
      super(message);
    }
  }
}
