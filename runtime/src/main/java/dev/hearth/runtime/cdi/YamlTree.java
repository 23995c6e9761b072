package dev.hearth.runtime.cdi;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.Optional;
import java.util.Set;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.common.ScalarStyle;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/**
 * A YAML text as JSON's tree. Scalars stay the text they are: what a field holds decides whether
 * {@code 0} is a name or a number, as with the tools that write these files.
 */
final class YamlTree {
  private static final int MAX_DEPTH = 32;
  private static final int MAX_ALIASES = 64;

  /** Most nodes of one text, with those that an alias repeats. */
  private static final int MAX_NODES = 500_000;

  private static final Set<String> NULLS = Set.of("", "~", "null", "Null", "NULL");

  private int nodes;

  private YamlTree() {}

  static JsonElement parse(String text) throws BrokenSpecException {
    LoadSettings settings =
        LoadSettings.builder()
            .setMaxAliasesForCollections(MAX_ALIASES)
            .setCodePointLimit(Integer.MAX_VALUE)
            .build();
    try {
      Optional<Node> root = new Compose(settings).composeString(text);
      if (root.isEmpty()) {
        throw new BrokenSpecException("is empty");
      }
      return new YamlTree().element(root.get(), 0);
    } catch (YamlEngineException | StackOverflowError e) {
      throw new BrokenSpecException("is no YAML: " + e.getMessage());
    }
  }

  private JsonElement element(Node node, int depth) throws BrokenSpecException {
    // An alias to what it stands in would have no end.
    if (depth > MAX_DEPTH || ++nodes > MAX_NODES) {
      throw new BrokenSpecException("is too deep or too large");
    }
    return switch (node) {
      case ScalarNode scalar -> scalar(scalar);
      case SequenceNode sequence -> {
        JsonArray array = new JsonArray();
        for (Node item : sequence.getValue()) {
          array.add(element(item, depth + 1));
        }
        yield array;
      }
      case MappingNode mapping -> {
        JsonObject object = new JsonObject();
        for (NodeTuple tuple : mapping.getValue()) {
          String key = key(tuple.getKeyNode());
          if (object.has(key)) {
            throw new BrokenSpecException("has " + key + " twice in one place");
          }
          object.add(key, element(tuple.getValueNode(), depth + 1));
        }
        yield object;
      }
      default -> throw new BrokenSpecException("has what is neither text, list nor object");
    };
  }

  private static String key(Node node) throws BrokenSpecException {
    if (node instanceof ScalarNode scalar) {
      return scalar.getValue();
    }
    throw new BrokenSpecException("has a key that is no text");
  }

  private static JsonElement scalar(ScalarNode scalar) {
    boolean nothing =
        scalar.getScalarStyle() == ScalarStyle.PLAIN && NULLS.contains(scalar.getValue());
    return nothing ? JsonNull.INSTANCE : new JsonPrimitive(scalar.getValue());
  }
}
