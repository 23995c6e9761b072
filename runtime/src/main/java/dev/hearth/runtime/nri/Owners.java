package dev.hearth.runtime.nri;

import dev.hearth.proto.nri.v1alpha1.CompoundFieldOwners;
import dev.hearth.proto.nri.v1alpha1.Field;
import dev.hearth.proto.nri.v1alpha1.FieldOwners;
import dev.hearth.proto.nri.v1alpha1.OwningPlugins;
import dev.hearth.runtime.model.HearthException;
import java.util.Map;
import java.util.TreeMap;

/**
 * Which plugin changed what, in one request: two that want to change the same thing cannot both
 * have their way. Confined to one thread.
 */
final class Owners {
  /**
   * What is owned.
   *
   * @param key of an entry, where the field has several; otherwise empty
   */
  private record Property(String container, Field field, String key)
      implements Comparable<Property> {
    @Override
    public int compareTo(Property other) {
      int byContainer = container.compareTo(other.container);
      int byField = byContainer != 0 ? byContainer : field.compareTo(other.field);
      return byField != 0 ? byField : key.compareTo(other.key);
    }

    @Override
    public String toString() {
      return field + (key.isEmpty() ? "" : " " + key) + " of container " + container;
    }
  }

  private final Map<Property, String> owners = new TreeMap<>();

  /**
   * @param key of the entry, where the field has several; otherwise empty
   * @throws HearthException.WrongState naming both, if another plugin owns it
   */
  void claim(String container, Field field, String key, PluginName plugin) {
    Property property = new Property(container, field, key);
    String other = owners.putIfAbsent(property, plugin.toString());
    if (other != null && !other.equals(plugin.toString())) {
      throw new HearthException.WrongState(
          "plugins " + other + " and " + plugin + " both change " + property);
    }
  }

  /** Lets a plugin own a thing beside others, as it can add to it. */
  void share(String container, Field field, PluginName plugin) {
    owners.merge(
        new Property(container, field, ""), plugin.toString(), (old, own) -> old + "," + own);
  }

  /** Takes the thing from whoever owns it. */
  void clear(String container, Field field, String key) {
    owners.remove(new Property(container, field, key));
  }

  /** Who wants it, for messages. */
  String of(String container, Field field) {
    return owners.entrySet().stream()
        .filter(e -> e.getKey().container().equals(container) && e.getKey().field() == field)
        .map(Map.Entry::getValue)
        .distinct()
        .sorted()
        .reduce((first, second) -> first + ", " + second)
        .orElse("unknown");
  }

  OwningPlugins message() {
    Map<String, FieldOwners.Builder> byContainer = new TreeMap<>();
    owners.forEach((property, plugin) -> {
      FieldOwners.Builder fields =
          byContainer.computeIfAbsent(property.container(), _ -> FieldOwners.newBuilder());
      int number = property.field().getNumber();
      if (property.key().isEmpty()) {
        fields.putSimple(number, plugin);
      } else {
        CompoundFieldOwners old =
            fields.getCompoundOrDefault(number, CompoundFieldOwners.getDefaultInstance());
        fields.putCompound(number, old.toBuilder().putOwners(property.key(), plugin).build());
      }
    });
    OwningPlugins.Builder all = OwningPlugins.newBuilder();
    byContainer.forEach((container, fields) -> all.putOwners(container, fields.build()));
    return all.build();
  }
}
