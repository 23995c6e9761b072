package dev.hearth.bench;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Writes results down: a table for people, JSON for machines, a plot for the eye. */
final class Report {
  static final String HEARTH = "hearth";
  private static final List<String> ORDER =
      List.of(HEARTH, "containerd+runc", "containerd+crun", "runc", "crun");
  private static final Gson GSON = new GsonBuilder().setPrettyPrinting().create();

  private final Map<Measure, Map<String, Samples>> results;
  private final Machine machine;
  private final LocalDate date;

  Report(Results results, Machine machine, LocalDate date) {
    this.results = results.all();
    this.machine = machine;
    this.date = date;
  }

  /** Writes {@code results.md}, {@code results.json} and {@code results.svg}. */
  void write(Path folder) throws IOException {
    Files.createDirectories(folder);
    Files.writeString(folder.resolve("results.md"), table());
    Files.writeString(folder.resolve("results.json"), GSON.toJson(json()) + "\n");
    Files.writeString(
        folder.resolve("results.svg"), new Plot(results, date + ", " + machine).svg());
  }

  /** Medians and 99th percentiles by contender, and how many times less Hearth needs. */
  String table() {
    List<String> contenders = contenders(results);
    var text = new StringBuilder("Measured on " + date + ", " + machine + ".\n\n| p50 / p99 |");
    contenders.forEach(contender -> text.append(' ').append(contender).append(" |"));
    text.append(" best peer / hearth | budget |\n|---|")
        .append("---|".repeat(contenders.size() + 2));
    results.forEach((measure, row) -> {
      text.append("\n| ").append(measure.heading());
      for (String contender : contenders) {
        text.append(" | ").append(row.containsKey(contender) ? cell(row.get(contender)) : "–");
      }
      text.append(" | ").append(ratio(row).map(r -> number(r) + "x").orElse("–"));
      text.append(" | ").append(budget(measure, row)).append(" |");
    });
    return text.append('\n').toString();
  }

  /** Who was measured, Hearth first. */
  static List<String> contenders(Map<Measure, Map<String, Samples>> results) {
    return ORDER.stream()
        .filter(name -> results.values().stream().anyMatch(row -> row.containsKey(name)))
        .toList();
  }

  private static String cell(Samples samples) {
    return samples.count() == 1
        ? number(samples.median())
        : number(samples.median()) + " / " + number(samples.p99());
  }

  private static Optional<Double> ratio(Map<String, Samples> row) {
    Samples hearth = row.get(HEARTH);
    if (hearth == null) {
      return Optional.empty();
    }
    return row.entrySet().stream()
        .filter(entry -> !entry.getKey().equals(HEARTH))
        .map(entry -> entry.getValue().median() / hearth.median())
        .min(Double::compare);
  }

  private static String budget(Measure measure, Map<String, Samples> row) {
    if (measure.budget().isEmpty()) {
      return "–";
    }
    double budget = measure.budget().getAsDouble();
    Samples hearth = row.get(HEARTH);
    if (hearth == null) {
      return number(budget);
    }
    return number(budget) + (hearth.median() <= budget ? ", met" : ", **missed**");
  }

  /** Three significant digits. */
  static String number(double value) {
    String format = value >= 100 ? "%.0f" : value >= 10 ? "%.1f" : "%.2f";
    return String.format(Locale.ROOT, format, value);
  }

  private JsonObject json() {
    var measures = new JsonArray();
    results.forEach((measure, row) -> {
      var object = new JsonObject();
      object.addProperty("id", measure.id());
      object.addProperty("title", measure.title());
      object.addProperty("unit", measure.unit().symbol);
      measure.budget().ifPresent(budget -> object.addProperty("budget", budget));
      var contenders = new JsonObject();
      row.forEach((contender, samples) -> contenders.add(contender, json(samples)));
      object.add("results", contenders);
      measures.add(object);
    });
    var whole = new JsonObject();
    whole.addProperty("date", date.toString());
    whole.add("machine", GSON.toJsonTree(machine));
    whole.add("measures", measures);
    return whole;
  }

  private static JsonObject json(Samples samples) {
    var object = new JsonObject();
    object.addProperty("count", samples.count());
    object.addProperty("median", rounded(samples.median()));
    object.addProperty("p99", rounded(samples.p99()));
    object.addProperty("smallest", rounded(samples.smallest()));
    return object;
  }

  private static double rounded(double value) {
    return Math.round(value * 1000) / 1000.0;
  }
}
