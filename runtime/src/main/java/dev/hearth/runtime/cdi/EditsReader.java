package dev.hearth.runtime.cdi;

import dev.hearth.runtime.model.EnvironmentVariable;
import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.model.MountSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;

/** Reads containerEdits, and which version of the specification it takes to say what they say. */
final class EditsReader {
  private static final Set<String> HOOKS =
      Set.of(
          "prestart",
          "createRuntime",
          "createContainer",
          "startContainer",
          "poststart",
          "poststop");

  private static final String FULL_ACCESS = "rwm";
  private static final String NO_ACCESS = "none";

  /** Of a file's mode, what is not its type. */
  private static final int PERMISSIONS = 0xFFF;

  /** 2^32-1 is no id. */
  private static final long LAST_ID = 0xFFFF_FFFEL;

  private SpecVersion needed = SpecVersion.FIRST;

  /** The oldest version that has all of what was read. */
  SpecVersion needed() {
    return needed;
  }

  void need(SpecVersion version) {
    if (version.compareTo(needed) > 0) {
      needed = version;
    }
  }

  Edits read(Fields fields) throws BrokenSpecException {
    List<EnvironmentVariable> environment = new ArrayList<>();
    for (String variable : fields.texts("env")) {
      environment.add(variable(fields, variable));
    }
    List<String> impossible = new ArrayList<>();
    List<Edits.Node> nodes = new ArrayList<>();
    for (Fields node : fields.objects("deviceNodes")) {
      node(node, nodes, impossible);
    }
    List<MountSpec> mounts = new ArrayList<>();
    for (Fields mount : fields.objects("mounts")) {
      mount(mount, mounts, impossible);
    }
    for (Fields hook : fields.objects("hooks")) {
      impossible.add(hook(hook));
    }
    for (Fields device : fields.objects("netDevices")) {
      need(SpecVersion.V1_1);
      impossible.add(
          "the network device "
              + device.required("hostInterfaceName")
              + " as "
              + device.required("name"));
      device.end();
    }
    var rdt = fields.object("intelRdt");
    if (rdt.isPresent()) {
      impossible.add(rdt(rdt.get()));
    }
    List<Long> groups = fields.numbers("additionalGids", LAST_ID);
    if (!groups.isEmpty()) {
      need(SpecVersion.V0_7);
    }
    fields.end();
    return new Edits(environment, nodes, mounts, groups, impossible);
  }

  private static EnvironmentVariable variable(Fields fields, String text)
      throws BrokenSpecException {
    int equals = text.indexOf('=');
    if (equals <= 0) {
      throw fields.broken("env", "is not NAME=VALUE: " + text);
    }
    return new EnvironmentVariable(text.substring(0, equals), text.substring(equals + 1));
  }

  private void node(Fields fields, List<Edits.Node> nodes, List<String> impossible)
      throws BrokenSpecException {
    String path = absolute(fields, "path");
    String hostPath = fields.text("hostPath");
    if (!hostPath.isEmpty()) {
      need(SpecVersion.V0_5);
      hostPath = absolute(fields, "hostPath");
    }
    Edits.Kind kind =
        switch (fields.text("type")) {
          case "" -> Edits.Kind.ANY;
          case "b" -> Edits.Kind.BLOCK;
          case "c", "u" -> Edits.Kind.CHARACTER;
          case "p" -> {
            impossible.add("a pipe at " + path);
            yield Edits.Kind.ANY;
          }
          default -> throw fields.broken("type", "is b, c, u or p, not " + fields.text("type"));
        };
    OptionalLong permissions = fields.number("fileMode", 0xFFFF_FFFFL);
    nodes.add(
        new Edits.Node(
            path,
            hostPath.isEmpty() ? path : hostPath,
            kind,
            (int) fields.number("major", Integer.MAX_VALUE).orElse(0),
            (int) fields.number("minor", Integer.MAX_VALUE).orElse(0),
            access(fields),
            permissions.isPresent()
                ? OptionalInt.of((int) permissions.getAsLong() & PERMISSIONS)
                : OptionalInt.empty(),
            fields.number("uid", LAST_ID),
            fields.number("gid", LAST_ID)));
    fields.end();
  }

  private static String access(Fields fields) throws BrokenSpecException {
    String text = fields.text("permissions");
    if (!text.matches("[rwm]*|" + NO_ACCESS)) {
      throw fields.broken("permissions", "are of the letters r, w, m, or none, not " + text);
    }
    return switch (text) {
      case "" -> FULL_ACCESS;
      case NO_ACCESS -> "";
      default -> text;
    };
  }

  private static String absolute(Fields fields, String name) throws BrokenSpecException {
    String path = fields.required(name);
    if (!path.startsWith("/")) {
      throw fields.broken(name, "is not an absolute path: " + path);
    }
    return path;
  }

  private void mount(Fields fields, List<MountSpec> mounts, List<String> impossible)
      throws BrokenSpecException {
    String target = absolute(fields, "containerPath");
    String source = fields.required("hostPath");
    List<String> options = fields.texts("options");
    String type = fields.text("type");
    if (!type.isEmpty()) {
      need(SpecVersion.V0_4);
    }
    fields.end();
    boolean bind =
        Set.of("", "bind", "rbind", "none").contains(type)
            || options.contains("bind")
            || options.contains("rbind");
    if (!bind) {
      impossible.add("a mount of type " + type + " at " + target);
      return;
    }
    try {
      mounts.add(MountSpec.bind(target, source, options));
    } catch (HearthException.InvalidRequest e) {
      throw fields.broken(target, "cannot be mounted: " + e.getMessage());
    }
  }

  private static String hook(Fields fields) throws BrokenSpecException {
    String name = fields.required("hookName");
    if (!HOOKS.contains(name)) {
      throw fields.broken("hookName", "is no hook: " + name);
    }
    String path = fields.required("path");
    var _ = fields.texts("args");
    var _ = fields.texts("env");
    var _ = fields.number("timeout", Integer.MAX_VALUE);
    fields.end();
    return "the hook " + name + " " + path;
  }

  private String rdt(Fields fields) throws BrokenSpecException {
    need(SpecVersion.V0_7);
    String group = fields.text("closID");
    var _ = fields.text("l3CacheSchema");
    var _ = fields.text("memBwSchema");
    boolean schemata = !fields.texts("schemata").isEmpty();
    boolean monitoring = fields.text("enableMonitoring").equals("true");
    if (schemata || monitoring) {
      need(SpecVersion.V1_1);
    }
    // Until version 1.1.
    var _ = fields.text("enableCMT");
    var _ = fields.text("enableMBM");
    fields.end();
    return "intelRdt" + (group.isEmpty() ? "" : " " + group);
  }
}
