package dev.hearth.runtime.cdi;

import dev.hearth.runtime.model.HearthException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A device's whole name, {@code vendor/class=device} (Container Device Interface 1.1, "Kind" and
 * "Device names").
 */
record DeviceName(String vendor, String family, String device) {
  private static final int MAX_LENGTH = 1024;
  private static final String KIND_PART = "[A-Za-z](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?";
  private static final String DEVICE_PART = "[A-Za-z0-9](?:[A-Za-z0-9_.:-]*[A-Za-z0-9])?";
  private static final Pattern KIND = Pattern.compile("(" + KIND_PART + ")/(" + KIND_PART + ")");
  private static final Pattern DEVICE = Pattern.compile(DEVICE_PART);
  private static final Pattern WHOLE =
      Pattern.compile("(" + KIND_PART + ")/(" + KIND_PART + ")=(" + DEVICE_PART + ")");

  /**
   * As a request gives it.
   *
   * @throws HearthException.InvalidRequest if it is no such name
   */
  static DeviceName parse(String text) {
    Matcher matcher = WHOLE.matcher(text);
    if (text.length() > MAX_LENGTH || !matcher.matches()) {
      throw new HearthException.InvalidRequest(
          "a CDI device is named vendor/class=device, not '"
              + text.substring(0, Math.min(text.length(), MAX_LENGTH))
              + "'");
    }
    return new DeviceName(matcher.group(1), matcher.group(2), matcher.group(3));
  }

  /**
   * As a file gives it.
   *
   * @param kind {@code vendor/class}
   */
  static DeviceName of(String kind, String device) throws BrokenSpecException {
    Matcher matcher = KIND.matcher(kind);
    if (kind.length() > MAX_LENGTH || !matcher.matches()) {
      throw new BrokenSpecException("kind must be vendor/class, not '" + kind + "'");
    }
    if (device.length() > MAX_LENGTH || !DEVICE.matcher(device).matches()) {
      throw new BrokenSpecException("no device can be called '" + device + "'");
    }
    return new DeviceName(matcher.group(1), matcher.group(2), device);
  }

  @Override
  public String toString() {
    return vendor + "/" + family + "=" + device;
  }
}
