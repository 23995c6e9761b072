package dev.hearth.runtime.nri;

import dev.hearth.runtime.model.HearthException;
import java.util.regex.Pattern;

/**
 * What a plugin registers as.
 *
 * @param index two digits; plugins are called in the order of these
 */
record PluginName(String index, String base) implements Comparable<PluginName> {
  private static final Pattern INDEX = Pattern.compile("[0-9]{2}");
  private static final Pattern BASE = Pattern.compile("[a-zA-Z0-9_.+-]{1,255}");

  PluginName {
    if (!INDEX.matcher(index).matches()) {
      throw new HearthException.InvalidRequest(
          "the index of a plugin is two digits, not '" + index + "'");
    }
    if (!BASE.matcher(base).matches()) {
      throw new HearthException.InvalidRequest(
          "the name of a plugin is of letters, digits, '_', '.', '+' and '-', not '" + base + "'");
    }
  }

  @Override
  public int compareTo(PluginName other) {
    return index.compareTo(other.index);
  }

  @Override
  public String toString() {
    return index + "-" + base;
  }
}
