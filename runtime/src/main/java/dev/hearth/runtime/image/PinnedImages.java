package dev.hearth.runtime.image;

import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.model.ImageReference;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The images that the operator wants kept, by their references. */
public final class PinnedImages implements Predicate<ImageReference> {
  private final List<Pattern> patterns;

  /**
   * @param references completed as Docker does, or patterns in which {@code *} stands for any
   *     characters
   * @throws HearthException.InvalidRequest if one is neither
   */
  public PinnedImages(List<String> references) {
    this.patterns = references.stream().map(PinnedImages::pattern).toList();
  }

  private static Pattern pattern(String reference) {
    String full =
        reference.contains("*")
            ? reference
            : ImageReference.parse(reference).canonical().toString();
    return Pattern.compile(
        Arrays.stream(full.split("\\*", -1)).map(Pattern::quote).collect(Collectors.joining(".*")));
  }

  @Override
  public boolean test(ImageReference reference) {
    String full = reference.canonical().toString();
    return patterns.stream().anyMatch(pattern -> pattern.matcher(full).matches());
  }
}
