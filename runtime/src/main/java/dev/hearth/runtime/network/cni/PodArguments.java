package dev.hearth.runtime.network.cni;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.hearth.runtime.model.DnsConfig;
import dev.hearth.runtime.model.PodId;
import dev.hearth.runtime.model.PodMetadata;
import dev.hearth.runtime.model.PortMapping;
import dev.hearth.runtime.network.Bandwidth;
import dev.hearth.runtime.network.HostPorts;
import dev.hearth.runtime.network.IpPrefix;
import dev.hearth.runtime.network.NetworkException;
import dev.hearth.runtime.network.PodNetworkRequest;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * What plugins are told of a pod.
 *
 * @param generic CNI_ARGS, which every plugin gets
 * @param capabilities by name, of which each plugin gets those that it declares; the names and
 *     shapes are those of the specification's CONVENTIONS
 */
record PodArguments(String generic, JsonObject capabilities) {
  /** A burst that never is the limit, in bits: the most that the usual plugin takes. */
  private static final long UNLIMITED_BURST = 0xFFFF_FFFFL;

  /** Pods ask by annotations of this prefix for what the contract has no field for. */
  static final String ANNOTATION = "cni.hearth.dev/";

  /** Annotations whose value is one string. */
  private static final List<String> SINGLE = List.of("mac", "infinibandGUID", "deviceID");

  /** Annotations whose value is a list of strings, separated by commas. */
  private static final List<String> LISTS = List.of("ips", "aliases");

  /** As other runtimes call it, for plugins that look at a pod's annotations. */
  private static final String ANNOTATIONS = "io.kubernetes.cri.pod-annotations";

  /**
   * Puts together what is told of a pod.
   *
   * @param ranges the node's part of the cluster's addresses; empty while that is not known
   */
  static PodArguments of(PodId pod, PodNetworkRequest request, List<IpPrefix> ranges)
      throws NetworkException {
    JsonObject capabilities = new JsonObject();
    List<PortMapping> ports = HostPorts.mapped(request.ports());
    if (!ports.isEmpty()) {
      capabilities.add("portMappings", ports(ports));
    }
    Optional<Bandwidth> bandwidth = Bandwidth.of(request.annotations());
    if (bandwidth.isPresent()) {
      capabilities.add("bandwidth", bandwidth(bandwidth.get()));
    }
    if (!ranges.isEmpty()) {
      capabilities.add("ipRanges", ranges(ranges));
    }
    dns(request.dns()).ifPresent(dns -> capabilities.add("dns", dns));
    if (!request.cgroup().isEmpty()) {
      capabilities.addProperty("cgroupPath", request.cgroup());
    }
    annotated(request.annotations(), capabilities);
    return new PodArguments(generic(pod, request.metadata()), capabilities);
  }

  private static String generic(PodId pod, PodMetadata metadata) throws NetworkException {
    StringBuilder arguments = new StringBuilder("IgnoreUnknown=1");
    Map<String, String> values =
        Map.of(
            "K8S_POD_NAMESPACE", metadata.namespace(),
            "K8S_POD_NAME", metadata.name(),
            "K8S_POD_INFRA_CONTAINER_ID", pod.value(),
            "K8S_POD_UID", metadata.uid());
    for (String name : values.keySet().stream().sorted().toList()) {
      String value = String.valueOf(values.get(name));
      if (value.indexOf(';') >= 0) {
        throw new NetworkException.Invalid(
            "a network plugin cannot be told of a pod with a ; in its name: " + metadata);
      }
      arguments.append(';').append(name).append('=').append(value);
    }
    return arguments.toString();
  }

  /** CNI_ARGS for a pod of which only the id is left. */
  static String lost(PodId pod) {
    return "IgnoreUnknown=1;K8S_POD_INFRA_CONTAINER_ID=" + pod;
  }

  private static JsonArray ports(List<PortMapping> ports) {
    JsonArray mappings = new JsonArray();
    for (PortMapping port : ports) {
      JsonObject mapping = new JsonObject();
      mapping.addProperty("hostPort", port.hostPort());
      mapping.addProperty("containerPort", port.containerPort());
      mapping.addProperty("protocol", port.protocol().name().toLowerCase(Locale.ROOT));
      if (!port.hostIp().isEmpty()) {
        mapping.addProperty("hostIP", port.hostIp());
      }
      mappings.add(mapping);
    }
    return mappings;
  }

  private static JsonObject bandwidth(Bandwidth bandwidth) {
    JsonObject limits = new JsonObject();
    bandwidth
        .ingress()
        .ifPresent(rate -> {
          limits.addProperty("ingressRate", rate);
          limits.addProperty("ingressBurst", UNLIMITED_BURST);
        });
    bandwidth
        .egress()
        .ifPresent(rate -> {
          limits.addProperty("egressRate", rate);
          limits.addProperty("egressBurst", UNLIMITED_BURST);
        });
    return limits;
  }

  /** A list of pools for each address a pod gets: one pool, one address, of each family. */
  private static JsonArray ranges(List<IpPrefix> ranges) {
    JsonArray all = new JsonArray();
    for (IpPrefix range : ranges) {
      JsonObject pool = new JsonObject();
      pool.addProperty("subnet", range.toString());
      JsonArray pools = new JsonArray();
      pools.add(pool);
      all.add(pools);
    }
    return all;
  }

  private static Optional<JsonObject> dns(DnsConfig dns) {
    JsonObject object = new JsonObject();
    add(object, "servers", dns.servers());
    add(object, "searches", dns.searches());
    add(object, "options", dns.options());
    return object.isEmpty() ? Optional.empty() : Optional.of(object);
  }

  private static void add(JsonObject object, String name, List<String> values) {
    if (!values.isEmpty()) {
      JsonArray array = new JsonArray();
      values.forEach(array::add);
      object.add(name, array);
    }
  }

  private static void annotated(Map<String, String> annotations, JsonObject capabilities) {
    for (String name : SINGLE) {
      String value = annotations.get(ANNOTATION + name);
      if (value != null) {
        capabilities.addProperty(name, value);
      }
    }
    for (String name : LISTS) {
      String value = annotations.get(ANNOTATION + name);
      if (value != null) {
        add(capabilities, name, List.of(value.split(",", -1)));
      }
    }
    if (!annotations.isEmpty()) {
      JsonObject all = new JsonObject();
      annotations.forEach(all::addProperty);
      capabilities.add(ANNOTATIONS, all);
    }
  }

  /** The names of the networks that a pod asks for beside the one all have. */
  static List<String> networks(Map<String, String> annotations) {
    String value = annotations.get(ANNOTATION + "networks");
    return value == null || value.isBlank()
        ? List.of()
        : List.of(value.split(",", -1)).stream().map(String::strip).distinct().toList();
  }
}
