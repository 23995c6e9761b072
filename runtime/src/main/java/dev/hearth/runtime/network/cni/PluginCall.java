package dev.hearth.runtime.network.cni;

import com.google.gson.JsonObject;
import java.util.HashMap;
import java.util.Map;

/**
 * One call of a plugin (section 2).
 *
 * @param type name of its program
 * @param parameters environment variables, CNI_COMMAND and CNI_PATH aside
 * @param input what it reads
 */
record PluginCall(String type, Command command, Map<String, String> parameters, JsonObject input) {
  /** What plugins are asked to do. */
  enum Command {
    ADD,
    DEL,
    CHECK,
    STATUS,
    GC,
    VERSION
  }

  PluginCall {
    parameters = Map.copyOf(parameters);
  }

  /** A call about one pod's connection to a network. */
  static PluginCall about(
      String type,
      Command command,
      Attachment attachment,
      JsonObject input,
      String pod,
      String netns) {
    Map<String, String> parameters = new HashMap<>();
    parameters.put("CNI_CONTAINERID", pod);
    parameters.put("CNI_IFNAME", attachment.interfaceName());
    parameters.put("CNI_NETNS", netns);
    parameters.put("CNI_ARGS", attachment.arguments());
    return new PluginCall(type, command, parameters, input);
  }

  @Override
  public String toString() {
    return "plugin " + type + " (" + command + ")";
  }
}
