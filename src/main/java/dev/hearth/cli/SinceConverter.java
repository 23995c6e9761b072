package dev.hearth.cli;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Lets picocli read {@link Since}. */
final class SinceConverter implements ITypeConverter<Since> {
  @Override
  public Since convert(String value) {
    try {
      return Since.parse(value);
    } catch (IllegalArgumentException e) {
      throw new TypeConversionException(String.valueOf(e.getMessage()));
    }
  }
}
