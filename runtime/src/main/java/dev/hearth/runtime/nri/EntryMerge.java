package dev.hearth.runtime.nri;

import dev.hearth.proto.nri.v1alpha1.Field;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Lays one plugin's entries of a field over those before, and claims each for it. An entry that it
 * takes away and gives anew is its own, whoever's it was.
 *
 * @param owners who wants what
 * @param container whose entries they are
 * @param plugin whose wishes they are
 */
record EntryMerge(Owners owners, String container, PluginName plugin) {

  /**
   * @param wanted entries, and those marked for removal
   * @param before what plugins before this one wanted
   * @param key of an entry, marked or not
   * @return what is wanted now; a removal stays in it unless the entry comes anew
   */
  <T> List<T> lay(Field field, List<T> wanted, List<T> before, Function<T, String> key) {
    Set<String> removed = keys(wanted, key, true);
    Set<String> given = keys(wanted, key, false);
    List<T> merged = new ArrayList<>();
    for (T entry : before) {
      String of = Removal.key(key.apply(entry));
      if (removed.contains(of)) {
        owners.clear(container, field, of);
      } else if (!Removal.marked(key.apply(entry)) || !given.contains(of)) {
        merged.add(entry);
      }
    }
    for (T entry : wanted) {
      String of = Removal.key(key.apply(entry));
      if (!Removal.marked(key.apply(entry))) {
        owners.claim(container, field, of, plugin);
        merged.add(entry);
      } else if (!given.contains(of)) {
        merged.add(entry);
      }
    }
    return merged;
  }

  /** The same for a map. */
  Map<String, String> lay(Field field, Map<String, String> wanted, Map<String, String> before) {
    List<Map.Entry<String, String>> merged =
        lay(
            field,
            List.copyOf(wanted.entrySet()),
            List.copyOf(before.entrySet()),
            Map.Entry::getKey);
    Map<String, String> all = new HashMap<>();
    merged.forEach(entry -> all.put(entry.getKey(), entry.getValue()));
    return all;
  }

  private static <T> Set<String> keys(List<T> entries, Function<T, String> key, boolean marked) {
    return entries.stream()
        .map(key)
        .filter(of -> Removal.marked(of) == marked)
        .map(Removal::key)
        .collect(Collectors.toSet());
  }

  /** What there is of a field once the wishes are granted. */
  static <T> List<T> granted(List<T> there, List<T> wishes, Function<T, String> key) {
    Set<String> touched = wishes.stream().map(key).map(Removal::key).collect(Collectors.toSet());
    List<T> granted = new ArrayList<>();
    there.stream().filter(entry -> !touched.contains(key.apply(entry))).forEach(granted::add);
    wishes.stream().filter(entry -> !Removal.marked(key.apply(entry))).forEach(granted::add);
    return granted;
  }

  /** The same for a map. */
  static Map<String, String> granted(Map<String, String> there, Map<String, String> wishes) {
    Map<String, String> granted = new HashMap<>(there);
    wishes.keySet().forEach(key -> granted.remove(Removal.key(key)));
    wishes.forEach((key, value) -> {
      if (!Removal.marked(key)) {
        granted.put(key, value);
      }
    });
    return granted;
  }
}
