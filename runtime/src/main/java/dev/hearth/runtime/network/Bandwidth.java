package dev.hearth.runtime.network;

import java.math.BigDecimal;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How fast a pod may be sent to, and send, as it asks by the annotations {@code
 * kubernetes.io/ingress-bandwidth} and {@code kubernetes.io/egress-bandwidth}.
 *
 * @param ingress bits in a second towards the pod
 * @param egress bits in a second from the pod
 */
public record Bandwidth(Optional<Long> ingress, Optional<Long> egress) {
  private static final String INGRESS = "kubernetes.io/ingress-bandwidth";
  private static final String EGRESS = "kubernetes.io/egress-bandwidth";

  /** The bounds that Kubernetes documents for them. */
  private static final BigDecimal LEAST = new BigDecimal(1_000);

  private static final BigDecimal MOST = new BigDecimal(1_000_000_000_000_000L);

  /** A quantity of Kubernetes: a number with a power of ten, or a suffix. */
  private static final Pattern QUANTITY =
      Pattern.compile(
          "\\+?([0-9]{1,20}(?:\\.[0-9]{0,20})?|\\.[0-9]{1,20})(?:[eE]([+-]?[0-9]{1,2})|([numkMGTPE]|[KMGTPE]i)?)");

  private static final Map<String, BigDecimal> SUFFIXES =
      Map.ofEntries(
          Map.entry("n", BigDecimal.ONE.movePointLeft(9)),
          Map.entry("u", BigDecimal.ONE.movePointLeft(6)),
          Map.entry("m", BigDecimal.ONE.movePointLeft(3)),
          Map.entry("k", BigDecimal.ONE.movePointRight(3)),
          Map.entry("M", BigDecimal.ONE.movePointRight(6)),
          Map.entry("G", BigDecimal.ONE.movePointRight(9)),
          Map.entry("T", BigDecimal.ONE.movePointRight(12)),
          Map.entry("P", BigDecimal.ONE.movePointRight(15)),
          Map.entry("E", BigDecimal.ONE.movePointRight(18)),
          Map.entry("Ki", new BigDecimal(1L << 10)),
          Map.entry("Mi", new BigDecimal(1L << 20)),
          Map.entry("Gi", new BigDecimal(1L << 30)),
          Map.entry("Ti", new BigDecimal(1L << 40)),
          Map.entry("Pi", new BigDecimal(1L << 50)),
          Map.entry("Ei", new BigDecimal(1L << 60)));

  /** What the annotations of a pod ask for; empty if they ask for nothing. */
  public static Optional<Bandwidth> of(Map<String, String> annotations) throws NetworkException {
    OptionalLong ingress = rate(INGRESS, annotations);
    OptionalLong egress = rate(EGRESS, annotations);
    return ingress.isEmpty() && egress.isEmpty()
        ? Optional.empty()
        : Optional.of(new Bandwidth(boxed(ingress), boxed(egress)));
  }

  private static Optional<Long> boxed(OptionalLong rate) {
    return rate.isPresent() ? Optional.of(rate.getAsLong()) : Optional.empty();
  }

  private static OptionalLong rate(String annotation, Map<String, String> annotations)
      throws NetworkException {
    String text = annotations.get(annotation);
    if (text == null) {
      return OptionalLong.empty();
    }
    Matcher matcher = QUANTITY.matcher(text);
    if (!matcher.matches()) {
      throw new NetworkException.Invalid(annotation + " is no quantity, such as 10M: " + text);
    }
    BigDecimal rate = new BigDecimal(matcher.group(1));
    if (matcher.group(2) != null) {
      rate = rate.scaleByPowerOfTen(Integer.parseInt(matcher.group(2)));
    } else if (matcher.group(3) != null) {
      rate = rate.multiply(SUFFIXES.getOrDefault(matcher.group(3), BigDecimal.ONE));
    }
    if (rate.compareTo(LEAST) < 0 || rate.compareTo(MOST) > 0) {
      throw new NetworkException.Invalid(annotation + " is not between 1k and 1P: " + text);
    }
    return OptionalLong.of(rate.longValue());
  }
}
