package dev.hearth.cli;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/**
 * Options and parameters of commands. They are described by picocli's model and not by its
 * annotations: reading those takes as long as everything else a command does.
 */
final class Arguments {
  private Arguments() {}

  /** A command and what a list of commands and its own help say of it. */
  static CommandSpec command(Subcommand command, String name, String... description) {
    CommandSpec spec = CommandSpec.wrapWithoutInspection(command).name(name);
    spec.usageMessage().description(description);
    return spec;
  }

  /** An option without a value. */
  static OptionSpec flag(String description, String... names) {
    return option(boolean.class, description, names).defaultValue("false").build();
  }

  /** How a command shows its answer. */
  static OptionSpec format(OutputFormat without, String description) {
    return option(OutputFormat.class, description, "-o", "--output")
        .paramLabel("FORMAT")
        .defaultValue(without.name())
        .build();
  }

  /** The usual choice between a table and JSON. */
  static OptionSpec format() {
    return format(OutputFormat.table, "table or json.");
  }

  /** Labels to select by. */
  static OptionSpec labels() {
    return option(Map.class, "Only those with this label; may be repeated.", "-l", "--label")
        .auxiliaryTypes(String.class, String.class)
        .paramLabel("KEY=VALUE")
        .build();
  }

  /** An option whose value is of that type, read by picocli itself. */
  static <T> OptionSpec valued(Class<T> type, String label, String description, String... names) {
    return option(type, description, names).paramLabel(label).build();
  }

  /** An option whose value a converter reads. */
  static <T> OptionSpec valued(
      ITypeConverter<T> converter, String label, String description, String... names) {
    return option(Object.class, description, names).converters(converter).paramLabel(label).build();
  }

  /** The parameter at that place, which must be there. */
  static PositionalParamSpec parameter(int index, String label, String description) {
    return PositionalParamSpec.builder()
        .index(Integer.toString(index))
        .arity("1")
        .required(true)
        .type(String.class)
        .paramLabel(label)
        .description(description)
        .build();
  }

  /** All parameters from that place on, of which there must be one at least. */
  static PositionalParamSpec parametersFrom(int index, String label, String description) {
    return PositionalParamSpec.builder()
        .index(index + "..*")
        .arity("1..*")
        .required(true)
        .type(List.class)
        .auxiliaryTypes(String.class)
        .paramLabel(label)
        .description(description)
        .build();
  }

  /** The value of an option that need not be given. */
  static <T> Optional<T> given(ArgSpec argument) {
    return Optional.ofNullable(argument.<T>getValue());
  }

  /** The value of a parameter that must be given. */
  static String text(PositionalParamSpec parameter) {
    return parameter.getValue();
  }

  static boolean isJson(OptionSpec format) {
    return format.<OutputFormat>getValue() == OutputFormat.json;
  }

  static boolean isSet(OptionSpec flag) {
    return flag.<Boolean>getValue();
  }

  static Map<String, String> labels(OptionSpec labels) {
    return Arguments.<Map<String, String>>given(labels).orElse(Map.of());
  }

  private static OptionSpec.Builder option(Class<?> type, String description, String... names) {
    return OptionSpec.builder(names).type(type).description(description);
  }
}
