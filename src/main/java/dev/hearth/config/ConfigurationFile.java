package dev.hearth.config;

import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.tomlj.Toml;
import org.tomlj.TomlParseError;
import org.tomlj.TomlParseResult;
import org.tomlj.TomlTable;

/**
 * Makes a {@link Configuration} of the defaults, a file over them and options of the command line
 * over that. Everything that is wrong is reported at once, each with its place: a misspelt key that
 * passed silently would be found only when the node misbehaves.
 */
public final class ConfigurationFile {
  private final Map<Key<?>, Object> values = new HashMap<>();
  private final Map<String, String> places = new HashMap<>();
  private final List<String> problems = new ArrayList<>();

  private ConfigurationFile() {}

  /** The configuration of a daemon without a file. */
  public static Configuration defaults() {
    try {
      return new ConfigurationFile().configuration();
    } catch (ConfigurationException e) {
      throw new AssertionError("the defaults contradict one another", e);
    }
  }

  /** The defaults under the command line's {@code options}, which are values by key. */
  public static Configuration of(Map<Key<?>, String> options) throws ConfigurationException {
    var source = new ConfigurationFile();
    source.readOptions(options);
    return source.configuration();
  }

  /** What {@code file} says, under the command line's {@code options}. */
  public static Configuration read(Path file, Map<Key<?>, String> options)
      throws ConfigurationException {
    var source = new ConfigurationFile();
    source.readFile(file);
    source.readOptions(options);
    return source.configuration();
  }

  private void readFile(Path file) throws ConfigurationException {
    TomlParseResult toml = Toml.parse(text(file));
    if (toml.hasErrors()) {
      // One slip makes the parser stumble again and again, so what it says after the first is
      // noise.
      TomlParseError first = toml.errors().getFirst();
      throw new ConfigurationException(
          List.of(file + ":" + first.position().line() + ": " + first.getMessage()));
    }
    readTable(file, toml, List.of());
  }

  private static String text(Path file) throws ConfigurationException {
    try {
      return Files.readString(file);
    } catch (NoSuchFileException e) {
      throw new ConfigurationException(List.of(file + ": there is no such file"));
    } catch (MalformedInputException e) {
      throw new ConfigurationException(List.of(file + ": is not UTF-8 text"));
    } catch (IOException e) {
      throw new ConfigurationException(List.of(file + ": cannot be read: " + e.getMessage()));
    }
  }

  private void readTable(Path file, TomlTable table, List<String> path) {
    // toMap keeps the file's order, so problems come in it too.
    for (Map.Entry<String, Object> entry : new LinkedHashMap<>(table.toMap()).entrySet()) {
      var entryPath = new ArrayList<>(path);
      entryPath.add(entry.getKey());
      String name = String.join(".", entryPath);
      int line = table.inputPositionOf(List.of(entry.getKey())).line();
      String place = file + ":" + line + ": ";
      if (isTable(name)) {
        if (entry.getValue() instanceof TomlTable inner) {
          readTable(file, inner, entryPath);
        } else {
          problems.add(place + name + " must be a table, written [" + name + "]");
        }
      } else {
        readValue(name, entry.getValue(), place);
      }
    }
  }

  private static boolean isTable(String name) {
    return Key.ALL.stream().anyMatch(key -> key.name().startsWith(name + "."));
  }

  private void readValue(String name, Object value, String place) {
    for (Key<?> key : Key.ALL) {
      if (key.name().equals(name)) {
        set(key, value, place);
        return;
      }
    }
    problems.add(place + "unknown key " + name + "; the nearest is " + nearest(name));
  }

  private void readOptions(Map<Key<?>, String> options) {
    options.forEach(
        (key, text) -> set(key, text, "option --" + key.name().replace('.', '-') + ": "));
  }

  private void set(Key<?> key, Object value, String place) {
    places.put(key.name(), place);
    try {
      values.put(key, key.kind().read().apply(value));
    } catch (IllegalArgumentException e) {
      problems.add(place + key.name() + " " + e.getMessage());
    }
  }

  private Configuration configuration() throws ConfigurationException {
    // Values that go together are checked one group after the other, so that one wrong value does
    // not hide another; a configuration with a null in it never leaves this method.
    var log = group(() -> new Configuration.Log(value(Key.LOG_LEVEL)));
    var cgroup =
        group(() -> new Configuration.Cgroup(value(Key.CGROUP_PARENT), value(Key.CGROUP_DRIVER)));
    var registry =
        group(() ->
            new Configuration.Registry(value(Key.REGISTRY_HOSTS), value(Key.REGISTRY_PLAIN_HTTP)));
    var images = group(() -> new Configuration.Images(value(Key.IMAGES_PINNED)));
    var network =
        group(() ->
            new Configuration.Network(
                value(Key.NETWORK_MODE),
                value(Key.NETWORK_BRIDGE),
                value(Key.NETWORK_SUBNETS),
                value(Key.NETWORK_MTU),
                new Configuration.Network.Cni(
                    value(Key.NETWORK_CNI_CONFIG),
                    value(Key.NETWORK_CNI_PLUGINS),
                    value(Key.NETWORK_CNI_TIMEOUT))));
    var handlers =
        group(() ->
            new Configuration.Handlers(
                value(Key.HANDLERS_PLAIN),
                value(Key.HANDLERS_USER_NAMESPACE),
                value(Key.HANDLERS_FIRST_ID),
                value(Key.HANDLERS_IDS_FOR_PODS)));
    var cdi = group(() -> new Configuration.Cdi(value(Key.CDI_SPEC_DIRS)));
    var nri =
        group(() ->
            new Configuration.Nri(
                value(Key.NRI_SOCKET),
                value(Key.NRI_PLUGINS),
                value(Key.NRI_PLUGIN_CONFIG),
                value(Key.NRI_REGISTRATION_TIMEOUT),
                value(Key.NRI_REQUEST_TIMEOUT)));
    var stream = group(() -> new Configuration.Stream(value(Key.STREAM_ADDRESS)));
    if (log == null
        || cgroup == null
        || registry == null
        || images == null
        || network == null
        || handlers == null
        || cdi == null
        || nri == null
        || stream == null) {
      throw new ConfigurationException(problems);
    }
    var whole =
        group(() ->
            new Configuration(
                value(Key.ROOT),
                value(Key.STATE),
                socket(),
                log,
                cgroup,
                registry,
                images,
                network,
                handlers,
                cdi,
                nri,
                stream));
    if (whole == null || !problems.isEmpty()) {
      throw new ConfigurationException(problems);
    }
    return whole;
  }

  private <G> @Nullable G group(Supplier<G> maker) {
    try {
      return maker.get();
    } catch (UnfitValueException e) {
      problems.add(places.getOrDefault(e.key(), "") + e.getMessage());
      return null;
    }
  }

  private Path socket() {
    return values.containsKey(Key.SOCKET)
        ? value(Key.SOCKET)
        : value(Key.STATE).resolve("hearth.sock");
  }

  @SuppressWarnings("unchecked") // set() stores under a key only what the key's own kind has read
  private <T> T value(Key<T> key) {
    Object given = values.get(key);
    return given != null ? (T) given : key.standardValue();
  }

  private static String nearest(String name) {
    return Key.ALL.stream()
        .map(Key::name)
        .flatMap(known -> Stream.of(known, firstPart(known)))
        .min(Comparator.comparingInt(known -> distance(name, known)))
        .orElseThrow();
  }

  /** The table of a key that has one, otherwise the key. */
  private static String firstPart(String name) {
    int point = name.indexOf('.');
    return point < 0 ? name : name.substring(0, point);
  }

  /** The fewer letters to change the nearer; a right key in the wrong table is near as well. */
  private static int distance(String name, String known) {
    int whole = letters(name, known);
    int last = 1 + letters(lastPart(name), lastPart(known));
    return Math.min(whole, last);
  }

  private static String lastPart(String name) {
    return name.substring(name.lastIndexOf('.') + 1);
  }

  /** Levenshtein's distance. */
  private static int letters(String from, String to) {
    int[] row = new int[to.length() + 1];
    for (int j = 0; j <= to.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= from.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= to.length(); j++) {
        int change = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(change, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[to.length()];
  }
}
