package dev.hearth.bench;

import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Bars on a logarithmic scale, a group for each measure: the bar ends at the median, a thin line at
 * the 99th percentile.
 */
final class Plot {
  private static final List<String> COLOURS =
      List.of("#d9480f", "#4c6ef5", "#868e96", "#2b8a3e", "#862e9c");
  private static final int LEFT = 330;
  private static final int WIDTH = 900;
  private static final int RIGHT = 90;
  private static final int BAR = 13;
  private static final int GAP = 14;
  private static final int TOP = 62;

  private final Map<Measure, Map<String, Samples>> results;
  private final String caption;
  private final List<String> contenders;
  private final double lowest;
  private final double highest;

  Plot(Map<Measure, Map<String, Samples>> results, String caption) {
    this.results = results;
    this.caption = caption;
    contenders = Report.contenders(results);
    lowest = Math.floor(extreme(true));
    highest = Math.max(lowest + 1, Math.ceil(extreme(false)));
  }

  private double extreme(boolean smallest) {
    var logarithms =
        results.values().stream()
            .flatMap(row -> row.values().stream())
            .mapToDouble(s -> Math.log10(Math.max(1e-3, smallest ? s.median() : s.p99())));
    return (smallest ? logarithms.min() : logarithms.max()).orElse(0);
  }

  String svg() {
    var body = new StringBuilder();
    int y = TOP;
    for (Map.Entry<Measure, Map<String, Samples>> row : results.entrySet()) {
      y = group(body, row.getKey(), row.getValue(), y) + GAP;
    }
    var svg = new StringBuilder();
    svg.append(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\"".formatted(WIDTH, y + 10));
    svg.append(" font-family=\"sans-serif\" font-size=\"12\">\n");
    svg.append("<rect width=\"%d\" height=\"%d\" fill=\"white\"/>\n".formatted(WIDTH, y + 10));
    text(svg, 10, 20, "start", "#000", caption);
    legend(svg);
    grid(svg, y);
    return svg.append(body).append("</svg>\n").toString();
  }

  private int group(StringBuilder svg, Measure measure, Map<String, Samples> row, int top) {
    int y = top;
    for (String contender : contenders) {
      Samples samples = row.get(contender);
      if (samples != null) {
        bar(svg, samples, COLOURS.get(contenders.indexOf(contender) % COLOURS.size()), y);
        y += BAR;
      }
    }
    String title = measure.heading();
    text(svg, LEFT - 8, (top + y) / 2 + 4, "end", "#000", title);
    return y;
  }

  private void bar(StringBuilder svg, Samples samples, String colour, int y) {
    double end = x(samples.median());
    svg.append(
        String.format(
            Locale.ROOT,
            "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>%n",
            LEFT,
            y,
            Math.max(1, end - LEFT),
            BAR - 2,
            colour));
    svg.append(
        String.format(
            Locale.ROOT,
            "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\" stroke=\"%s\"/>%n",
            end,
            x(samples.p99()),
            y + BAR / 2 - 1,
            y + BAR / 2 - 1,
            colour));
    text(svg, x(samples.p99()) + 4, y + BAR - 3, "start", colour, Report.number(samples.median()));
  }

  private void legend(StringBuilder svg) {
    int x = LEFT;
    for (String contender : contenders) {
      String colour = COLOURS.get(contenders.indexOf(contender) % COLOURS.size());
      svg.append(
          "<rect x=\"%d\" y=\"32\" width=\"11\" height=\"11\" fill=\"%s\"/>%n"
              .formatted(x, colour));
      text(svg, x + 16, 42, "start", "#000", contender);
      x += 40 + contender.length() * 7;
    }
  }

  private void grid(StringBuilder svg, int bottom) {
    for (int power = (int) lowest; power <= highest; power++) {
      double x = x(Math.pow(10, power));
      svg.append(
          String.format(
              Locale.ROOT,
              "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\" stroke=\"#ddd\"/>%n",
              x,
              x,
              TOP - 6,
              bottom));
      text(svg, x, TOP - 8, "middle", "#888", Report.number(Math.pow(10, power)));
    }
  }

  private double x(double value) {
    double share = (Math.log10(Math.max(1e-3, value)) - lowest) / (highest - lowest);
    return LEFT + Math.max(0, share) * (WIDTH - LEFT - RIGHT);
  }

  private static void text(
      StringBuilder svg, double x, int y, String anchor, String colour, String text) {
    String escaped = text.replace("&", "&amp;").replace("<", "&lt;");
    svg.append(
        String.format(
            Locale.ROOT,
            "<text x=\"%.1f\" y=\"%d\" text-anchor=\"%s\" fill=\"%s\">%s</text>%n",
            x,
            y,
            anchor,
            colour,
            escaped));
  }
}
