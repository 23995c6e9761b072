package dev.hearth.runtime.network.cni;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.hearth.runtime.network.NetworkException;
import dev.hearth.runtime.network.cni.PluginCall.Command;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Carries out operations on a network by calling its plugins one after the other (section 3). */
final class Chain {
  private final PluginRunner runner;

  Chain(PluginRunner runner) {
    this.runner = runner;
  }

  /**
   * Connects a pod.
   *
   * @return what the last plugin answered
   */
  AddResult add(NetworkList network, AttachedPod pod, Attachment attachment, Deadline deadline)
      throws NetworkException {
    Optional<AddResult> result = Optional.empty();
    for (PluginConfiguration plugin : network.plugins()) {
      PluginCall call =
          call(Command.ADD, network, plugin, pod, attachment, result.map(AddResult::body));
      String said = runner.run(call, deadline);
      try {
        result = Optional.of(AddResult.parse(said, network.version()));
      } catch (IllegalArgumentException e) {
        throw new NetworkException.PluginFailed(call + " " + e.getMessage(), 0);
      }
    }
    return result.orElseThrow();
  }

  /** Takes away what ADD made, or what it may have made before it failed. */
  void delete(NetworkList network, AttachedPod pod, Attachment attachment, Deadline deadline)
      throws NetworkException {
    Optional<JsonObject> result = result(network, attachment);
    for (PluginConfiguration plugin : network.plugins().reversed()) {
      try {
        runner.run(call(Command.DEL, network, plugin, pod, attachment, result), deadline);
      } catch (NetworkException.PluginFailed e) {
        if (!e.nothingToCleanUp()) {
          throw e;
        }
      }
    }
  }

  /** Asks whether what ADD made is still as it was. Nobody is asked where CHECK is not known. */
  void check(NetworkList network, AttachedPod pod, Attachment attachment, Deadline deadline)
      throws NetworkException {
    if (network.disableCheck() || !network.version().checks()) {
      return;
    }
    Optional<JsonObject> result = result(network, attachment);
    for (PluginConfiguration plugin : network.plugins()) {
      runner.run(call(Command.CHECK, network, plugin, pod, attachment, result), deadline);
    }
  }

  private static Optional<JsonObject> result(NetworkList network, Attachment attachment) {
    return attachment.result().isEmpty() || !network.version().checks()
        ? Optional.empty()
        : Optional.of(StrictJson.object(attachment.result()));
  }

  private static PluginCall call(
      Command command,
      NetworkList network,
      PluginConfiguration plugin,
      AttachedPod pod,
      Attachment attachment,
      Optional<JsonObject> previous) {
    JsonObject request = plugin.request(network.name(), network.version());
    JsonObject given = new JsonObject();
    for (Map.Entry<String, JsonElement> argument :
        StrictJson.object(attachment.capabilities()).entrySet()) {
      if (plugin.capabilities().contains(argument.getKey())) {
        given.add(argument.getKey(), argument.getValue());
      }
    }
    if (!given.isEmpty()) {
      request.add("runtimeConfig", given);
    }
    previous.ifPresent(result -> request.add("prevResult", result));
    return PluginCall.about(
        plugin.type(), command, attachment, request, pod.pod().value(), pod.netns());
  }

  /** Asks whether a pod could be connected now. Nobody is asked where STATUS is not known. */
  void status(NetworkList network, Deadline deadline) throws NetworkException {
    if (!network.version().reportsAndCollects()) {
      return;
    }
    for (PluginConfiguration plugin : network.plugins()) {
      JsonObject request = plugin.request(network.name(), network.version());
      runner.run(new PluginCall(plugin.type(), Command.STATUS, Map.of(), request), deadline);
    }
  }

  /**
   * A connection that is there.
   *
   * @param pod its id
   */
  record Valid(String pod, String interfaceName) {}

  /**
   * Has plugins give back what belongs to no connection that is there.
   *
   * @return what went wrong, a line each
   */
  List<String> collect(NetworkList network, List<Valid> valid, Deadline deadline) {
    JsonArray attachments = new JsonArray();
    for (Valid each : valid) {
      JsonObject attachment = new JsonObject();
      attachment.addProperty("containerID", each.pod());
      attachment.addProperty("ifname", each.interfaceName());
      attachments.add(attachment);
    }
    List<String> failures = new ArrayList<>();
    for (PluginConfiguration plugin : network.plugins()) {
      JsonObject request = plugin.request(network.name(), network.version());
      request.add("cni.dev/valid-attachments", attachments);
      // Plugins built before a slip in a library of the specification's was mended look here.
      request.add("cni.dev/attachments", attachments);
      try {
        runner.run(new PluginCall(plugin.type(), Command.GC, Map.of(), request), deadline);
      } catch (NetworkException e) {
        failures.add(String.valueOf(e.getMessage()));
      }
    }
    return failures;
  }
}
