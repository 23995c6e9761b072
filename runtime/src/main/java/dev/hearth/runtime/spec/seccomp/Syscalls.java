package dev.hearth.runtime.spec.seccomp;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;

/** Names and numbers of system calls. Immutable. */
public final class Syscalls {
  private static final List<Abi> COLUMNS =
      List.of(Abi.X86_64, Abi.X86, Abi.X32, Abi.AARCH64, Abi.ARM);

  private final Map<Abi, Map<String, Integer>> numbers;

  private Syscalls(Map<Abi, Map<String, Integer>> numbers) {
    this.numbers = numbers;
  }

  /** Reads the table that comes with this class. */
  public static Syscalls load() {
    Map<Abi, Map<String, Integer>> numbers = new EnumMap<>(Abi.class);
    COLUMNS.forEach(abi -> numbers.put(abi, new HashMap<>()));
    for (String line : lines("syscalls.txt")) {
      List<String> words = List.of(line.split(" ", -1));
      for (int i = 0; i < COLUMNS.size(); i++) {
        String number = words.get(i + 1);
        if (!number.equals("-")) {
          numbers
              .getOrDefault(COLUMNS.get(i), Map.of())
              .put(words.getFirst(), Integer.valueOf(number));
        }
      }
    }
    numbers.replaceAll((abi, map) -> Map.copyOf(map));
    return new Syscalls(Map.copyOf(numbers));
  }

  /** Lines of a resource without comments and empty ones. */
  static List<String> lines(String resource) {
    try (InputStream in = Syscalls.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalStateException("the build left out " + resource);
      }
      String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      return text.lines().filter(line -> !line.isBlank() && !line.startsWith("#")).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The number of a call, without x32's bit; nothing where the ABI lacks it. */
  OptionalInt number(Abi abi, String name) {
    Integer number = numbers.getOrDefault(abi, Map.of()).get(name);
    return number == null ? OptionalInt.empty() : OptionalInt.of(number);
  }

  /** All calls of an ABI. */
  Set<String> names(Abi abi) {
    return numbers.getOrDefault(abi, Map.of()).keySet();
  }
}
