package dev.hearth.runtime.spec.seccomp;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.spec.seccomp.SeccompProfile.Rule;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Reads profiles as the OCI Runtime Specification 1.2 writes them (config-linux.md, "Seccomp"), and
 * as Docker and Podman do, whose rules may depend on capabilities, the architecture and the kernel.
 */
public final class ProfileJson {
  private static final int MAX_ERRNO = 4095;
  private static final int MAX_RULES = 4096;
  private static final int LOG = 2;
  private static final int WAIT_KILLABLE = 32;

  private final Circumstances around;

  private ProfileJson(Circumstances around) {
    this.around = around;
  }

  /**
   * @param name of the profile, for messages
   * @param around what decides on rules that hold only sometimes
   * @throws HearthException.InvalidRequest saying what is wrong with it
   */
  public static SeccompProfile parse(String name, String json, Circumstances around) {
    try {
      return new ProfileJson(around).profile(JsonParser.parseString(json).getAsJsonObject());
    } catch (JsonParseException
        | IllegalArgumentException
        | IllegalStateException
        | ArithmeticException
        | UnsupportedOperationException e) {
      // Gson throws the last four at a value of another type than asked for.
      throw new HearthException.InvalidRequest(
          "seccomp profile " + name + ": " + e.getMessage(), e);
    }
  }

  private SeccompProfile profile(JsonObject json) {
    if (!field(json, "listenerPath").map(JsonElement::getAsString).orElse("").isEmpty()) {
      throw new IllegalArgumentException("listenerPath: seccomp agents are not supported");
    }
    int fallbackErrno = errno(json, "defaultErrnoRet");
    Action fallback = Action.named(text(json, "defaultAction"), fallbackErrno);
    Set<Abi> guests = EnumSet.noneOf(Abi.class);
    for (JsonElement arch : array(json, "architectures")) {
      // Others this kernel cannot run.
      Abi.named(arch.getAsString()).ifPresent(guests::add);
    }
    for (JsonElement element : array(json, "archMap")) {
      JsonObject map = element.getAsJsonObject();
      if (text(map, "architecture").equals(around.abi().profileName())) {
        array(map, "subArchitectures")
            .forEach(sub -> Abi.named(sub.getAsString()).ifPresent(guests::add));
      }
    }
    List<Rule> rules = new ArrayList<>();
    for (JsonElement rule : array(json, "syscalls")) {
      JsonObject object = rule.getAsJsonObject();
      if (around.holds(object)) {
        rules.addAll(rules(object));
      }
    }
    if (rules.size() > MAX_RULES) {
      throw new IllegalArgumentException(rules.size() + " rules; " + MAX_RULES + " are allowed");
    }
    return new SeccompProfile(fallback, guests, rules, flags(json));
  }

  private static List<Rule> rules(JsonObject json) {
    List<String> names = new ArrayList<>();
    field(json, "name").map(JsonElement::getAsString).ifPresent(names::add);
    array(json, "names").forEach(name -> names.add(name.getAsString()));
    if (names.isEmpty()) {
      throw new IllegalArgumentException("a rule names no system call");
    }
    List<Condition> conditions = new ArrayList<>();
    for (JsonElement element : array(json, "args")) {
      JsonObject arg = element.getAsJsonObject();
      conditions.add(
          new Condition(
              Math.toIntExact(number(arg, "index")),
              Condition.operator(text(arg, "op")),
              number(arg, "value"),
              number(arg, "valueTwo")));
    }
    Action action = Action.named(text(json, "action"), errno(json, "errnoRet"));
    // As with runc, conditions on one argument are alternatives: that is how old profiles said it.
    if (conditions.stream().map(Condition::index).distinct().count() < conditions.size()) {
      return conditions.stream().map(c -> new Rule(names, action, List.of(c))).toList();
    }
    return List.of(new Rule(names, action, conditions));
  }

  /** Without flags, speculation stays on, as with runc. */
  private static int flags(JsonObject json) {
    if (!json.has("flags")) {
      return SeccompProfile.SPEC_ALLOW;
    }
    int flags = 0;
    for (JsonElement flag : array(json, "flags")) {
      flags |=
          switch (flag.getAsString()) {
            // Of no consequence to a process of one thread.
            case "SECCOMP_FILTER_FLAG_TSYNC" -> 0;
            case "SECCOMP_FILTER_FLAG_LOG" -> LOG;
            case "SECCOMP_FILTER_FLAG_SPEC_ALLOW" -> SeccompProfile.SPEC_ALLOW;
            case "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV" -> WAIT_KILLABLE;
            default -> throw new IllegalArgumentException("unknown flag " + flag.getAsString());
          };
    }
    return flags;
  }

  private static int errno(JsonObject json, String field) {
    if (!json.has(field) || json.get(field).isJsonNull()) {
      return Action.EPERM;
    }
    long value = number(json, field);
    if (value < 0 || value > MAX_ERRNO) {
      throw new IllegalArgumentException(field + " is no error number: " + value);
    }
    return (int) value;
  }

  static Optional<JsonElement> field(JsonObject json, String field) {
    return Optional.ofNullable(json.get(field)).filter(e -> !e.isJsonNull());
  }

  static JsonArray array(JsonObject json, String field) {
    return field(json, field).map(JsonElement::getAsJsonArray).orElseGet(JsonArray::new);
  }

  private static String text(JsonObject json, String field) {
    return field(json, field)
        .map(JsonElement::getAsString)
        .orElseThrow(() -> new IllegalArgumentException(field + " is missing"));
  }

  /** An unsigned number of 64 bits; zero if absent. */
  private static long number(JsonObject json, String field) {
    Optional<BigDecimal> value = field(json, field).map(JsonElement::getAsBigDecimal);
    if (value.isEmpty()) {
      return 0;
    }
    BigDecimal number = value.get();
    if (number.signum() < 0 || number.precision() - number.scale() > 20) {
      throw new IllegalArgumentException(field + " is out of range: " + number);
    }
    return Long.parseUnsignedLong(number.toBigIntegerExact().toString());
  }
}
